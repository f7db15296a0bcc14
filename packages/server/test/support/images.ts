/**
 * Small images made byte by byte, so that a test can damage them where it wants.
 *
 * @module
 */
import { crc32, deflateSync } from 'node:zlib'

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

export interface PngWish {
  readonly width?: number
  readonly height?: number
  readonly depth?: number
  readonly colour?: number
  readonly interlace?: number
  /** The unpacked rows; by default as many zeros as the size asks for, grey and without interlace. */
  readonly rows?: Uint8Array
  /** Between header and pixels. */
  readonly before?: readonly Buffer[]
}

/** A grey image unless the wish says otherwise. */
export function aPng(wish: PngWish = {}): Buffer {
  const { width = 8, height = 4, depth = 8, colour = 0, interlace = 0 } = wish
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, colour, 0, 0, interlace], 8)
  const rows = wish.rows ?? Buffer.alloc(height * (1 + width))
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    ...(wish.before ?? []),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

/** A JPEG segment with its length. */
export function jpegSegment(marker: number, data: readonly number[]): Buffer {
  return Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 0xff, ...data])
}

export interface JpegWish {
  readonly width?: number
  readonly height?: number
  /** Between SOI and the frame. */
  readonly before?: readonly Buffer[]
  readonly scan?: readonly number[]
}

/** A baseline grey image as far as its structure goes. */
export function aJpeg({
  width = 16,
  height = 8,
  before = [],
  scan = [0x12, 0xff, 0x00, 0xff, 0xd0, 0x34],
}: JpegWish = {}): Buffer {
  const frame = [8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0]
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...before,
    jpegSegment(0xc0, frame),
    jpegSegment(0xda, [1, 1, 0, 0, 63, 0]),
    Buffer.from(scan),
    Buffer.from([0xff, 0xd9]),
  ])
}
