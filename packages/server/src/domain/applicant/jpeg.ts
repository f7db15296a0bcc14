/**
 * JPEG (ITU T.81), walked segment by segment; nothing is decoded.
 *
 * @module
 */
import { bad, DAMAGED, TRAILING, uint16, type DocumentImage } from './image.ts'

export const JPEG_START = [0xff, 0xd8, 0xff] as const
const MARKER = { startOfImage: 0xd8, endOfImage: 0xd9, startOfScan: 0xda, temporary: 0x01 } as const

function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which lie between them (ITU T.81 table B.1). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

/** Marker segments from SOI to EOI, one frame, at least one scan after it, and nothing after EOI (ITU T.81 annex B). */
export function readJpeg(bytes: Uint8Array): DocumentImage {
  let frame: DocumentImage | null = null
  let scans = 0
  let at = 2
  for (let found = markerAt(bytes, at); found.marker !== MARKER.endOfImage; found = markerAt(bytes, at)) {
    const { marker, next } = found
    const end = endOfSegment(bytes, marker, next)
    at = end
    if (isFrame(marker)) {
      if (frame !== null) throw bad(DAMAGED)
      frame = readFrame(bytes.subarray(next + 2, end))
    }
    if (marker !== MARKER.startOfScan) continue
    if (frame === null) throw bad(DAMAGED)
    scans += 1
    at = endOfScan(bytes, end)
  }
  if (frame === null || scans === 0) throw bad(DAMAGED)
  if (markerAt(bytes, at).next !== bytes.length) throw bad(TRAILING)
  return frame
}

/** Every marker here has a segment with a length, its own two bytes included. */
function endOfSegment(bytes: Uint8Array, marker: number, at: number): number {
  if (marker === MARKER.startOfImage || isRestart(marker) || marker === MARKER.temporary) throw bad(DAMAGED)
  const length = at + 2 <= bytes.length ? uint16(bytes, at) : 0
  if (length < 2 || at + length > bytes.length) throw bad(DAMAGED)
  return at + length
}

/** A marker may be preceded by any number of fill bytes 0xff. */
function markerAt(bytes: Uint8Array, from: number): { readonly marker: number; readonly next: number } {
  let at = from
  if (bytes[at] !== 0xff) throw bad(DAMAGED)
  while (bytes[at] === 0xff) at += 1
  const marker = bytes[at]
  if (marker === undefined || marker === 0) throw bad(DAMAGED)
  return { marker, next: at + 1 }
}

function readFrame(data: Uint8Array): DocumentImage {
  const components = data[5] ?? 0
  if (data.length < 6 || data.length !== 6 + 3 * components || ![1, 3, 4].includes(components)) throw bad(DAMAGED)
  return { type: 'image/jpeg', height: uint16(data, 1), width: uint16(data, 3) }
}

/** Entropy-coded data ends before the first marker that is neither a stuffed zero nor a restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at += 1) {
    const next = bytes[at + 1] ?? 0
    if (bytes[at] === 0xff && next !== 0 && next !== 0xff && !isRestart(next)) return at
  }
  throw bad(DAMAGED)
}
