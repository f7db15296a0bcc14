/**
 * PNG (third edition), walked chunk by chunk; nothing is unpacked.
 *
 * @module
 */
import { crc32 } from './crc32.ts'
import { bad, DAMAGED, TRAILING, uint32, type DocumentImage } from './image.ts'

export const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const
/** Bit depths that each colour type may have, PNG third edition §11.2.1. */
const PNG_DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}
const PNG_CRITICAL = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND'])
const PALETTE = 3
const CHUNK_OVERHEAD = 12 // length, type, CRC

interface Chunk {
  readonly type: string
  readonly data: Uint8Array
}

/** IHDR first, IDAT chunks one after another, IEND last and at the very end; every CRC right; no unknown critical chunk. */
export function readPng(bytes: Uint8Array): DocumentImage {
  const chunks = [...pngChunks(bytes)]
  const header = chunks[0]
  if (header?.type !== 'IHDR' || header.data.length !== 13 || !isInOrder(chunks.map(({ type }) => type))) throw bad(DAMAGED)
  const { colour } = readFormat(header.data)
  if (colour === PALETTE && !chunks.some(({ type }) => type === 'PLTE')) throw bad(DAMAGED)
  return { type: 'image/png', width: uint32(header.data, 0), height: uint32(header.data, 4) }
}

/** @throws AppError `badImage` for a combination that PNG does not have */
function readFormat(header: Uint8Array): { readonly depth: number; readonly colour: number; readonly isInterlaced: boolean } {
  const [depth = 0, colour = 0, compression, filter, interlace = 0] = header.subarray(8)
  const isKnown = PNG_DEPTHS[colour]?.includes(depth) === true && compression === 0 && filter === 0
  if (!isKnown || interlace > 1) throw bad(DAMAGED)
  return { depth, colour, isInterlaced: interlace === 1 }
}

function isInOrder(types: readonly string[]): boolean {
  const [firstData, lastData] = [types.indexOf('IDAT'), types.lastIndexOf('IDAT')]
  const isContiguous = firstData !== -1 && types.slice(firstData, lastData + 1).every((type) => type === 'IDAT')
  const isOnce = ['IHDR', 'IEND', 'PLTE'].every((type) => types.indexOf(type) === types.lastIndexOf(type))
  return isContiguous && isOnce && types.indexOf('PLTE') < firstData && types.at(-1) === 'IEND'
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
/** Origin and step of each pass of Adam7, PNG third edition §8.2. */
const ADAM7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
] as const

/** What a viewer needs for the pixels at most, as bytes. */
const MAX_UNPACKED_BYTES = 200_000_000

/**
 * The zlib stream of a PNG that was read, and how many bytes it has to unpack to: a filter byte and the pixels for each row.
 *
 * @throws AppError `badImage` when that is more than any document needs
 */
export function pngContent(
  bytes: Uint8Array,
  { width, height }: DocumentImage,
): { readonly compressed: Uint8Array; readonly unpackedBytes: number } {
  const chunks = [...pngChunks(bytes)]
  const { depth, colour, isInterlaced } = readFormat(chunks[0]?.data ?? new Uint8Array())
  const bitsPerPixel = depth * (CHANNELS[colour] ?? 1)
  const passes = isInterlaced ? ADAM7 : [{ x: 0, y: 0, dx: 1, dy: 1 }]
  const sizes = passes.map(({ x, y, dx, dy }) => {
    const columns = Math.max(0, Math.ceil((width - x) / dx))
    const rows = Math.max(0, Math.ceil((height - y) / dy))
    return columns === 0 ? 0 : rows * (1 + Math.ceil((columns * bitsPerPixel) / 8))
  })
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data)
  const compressed = new Uint8Array(data.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of data) {
    compressed.set(part, at)
    at += part.length
  }
  const unpackedBytes = sizes.reduce((sum, size) => sum + size, 0)
  if (unpackedBytes > MAX_UNPACKED_BYTES)
    throw bad('it unpacks to more than a document needs: save it with fewer colours or pixels')
  return { compressed, unpackedBytes }
}

function* pngChunks(bytes: Uint8Array): Generator<Chunk> {
  let at = PNG_SIGNATURE.length
  while (at < bytes.length) {
    if (bytes.length - at < CHUNK_OVERHEAD) throw bad(DAMAGED)
    const length = uint32(bytes, at)
    if (length > bytes.length - at - CHUNK_OVERHEAD) throw bad(DAMAGED)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const isCritical = /^[A-Z][A-Za-z]{3}$/.test(type)
    if (!/^[A-Za-z]{4}$/.test(type) || (isCritical && !PNG_CRITICAL.has(type))) throw bad(DAMAGED)
    const end = at + 8 + length
    if (crc32(bytes.subarray(at + 4, end)) !== uint32(bytes, end)) throw bad(DAMAGED)
    yield { type, data: bytes.subarray(at + 8, end) }
    at = end + 4
    if (type === 'IEND' && at !== bytes.length) throw bad(TRAILING)
  }
}
