import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_DOCUMENT_BYTES, readDocumentImage } from '../../../src/domain/applicant/document-image.ts'
import { pngContent } from '../../../src/domain/applicant/png.ts'
import { AppError } from '../../../src/domain/errors.ts'
import { aJpeg, aPng, jpegSegment, PNG_SIGNATURE, pngChunk } from '../../support/images.ts'

function outcome(bytes: Uint8Array): string {
  try {
    const { type, width, height } = readDocumentImage(bytes)
    return `${type} ${width}×${height}`
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

const changed = (bytes: Buffer, at: number, value: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = value
  return copy
}

describe('images that are taken', () => {
  test.each([
    ['a PNG', aPng(), 'image/png 8×4'],
    ['with text beside the pixels', aPng({ before: [pngChunk('tEXt', Buffer.from('Title\0scan'))] }), 'image/png 8×4'],
    ['with colours', aPng({ colour: 3, before: [pngChunk('PLTE', Buffer.alloc(6))] }), 'image/png 8×4'],
    ['a JPEG', aJpeg(), 'image/jpeg 16×8'],
    ['with Exif and a comment', aJpeg({ before: [jpegSegment(0xe1, [1, 2, 3]), jpegSegment(0xfe, [0x61])] }), 'image/jpeg 16×8'],
    ['with fill bytes before a marker', aJpeg({ before: [Buffer.from([0xff]), jpegSegment(0xe0, [1])] }), 'image/jpeg 16×8'],
  ])('%s', (_what, bytes, expected) => {
    expect(outcome(bytes)).toBe(expected)
  })
})

describe('what is refused', () => {
  const png = aPng()
  const jpeg = aJpeg()
  const body = png.subarray(PNG_SIGNATURE.length)
  const [header, pixels, end] = [body.subarray(0, 25), body.subarray(25, -12), body.subarray(-12)]
  test.each([
    ['nothing', Buffer.alloc(0), 'badImage'],
    ['a text', Buffer.from('license.png'), 'badImage'],
    ['a GIF', Buffer.from('GIF89a'), 'badImage'],
    ['a PDF', Buffer.from('%PDF-1.7'), 'badImage'],
    ['a script that starts like an image', Buffer.concat([PNG_SIGNATURE, Buffer.from('<script>alert(1)</script>')]), 'badImage'],
    ['more than 500 KB', Buffer.concat([png, Buffer.alloc(MAX_DOCUMENT_BYTES)]), 'tooLarge'],
    ['a PNG that is cut off', png.subarray(0, -1), 'badImage'],
    ['a PNG with a wrong CRC', changed(png, 20, 1), 'badImage'],
    ['a PNG without pixels', Buffer.concat([PNG_SIGNATURE, header, end]), 'badImage'],
    ['a PNG without its header', Buffer.concat([PNG_SIGNATURE, pixels, end]), 'badImage'],
    ['a PNG with two headers', Buffer.concat([PNG_SIGNATURE, header, header, pixels, end]), 'badImage'],
    ['a PNG with pixels in two places', aPng({ before: [pixels, pngChunk('tEXt', Buffer.from('a'))] }), 'badImage'],
    ['an unknown critical chunk', aPng({ before: [pngChunk('EVIL', Buffer.alloc(4))] }), 'badImage'],
    ['an impossible depth', aPng({ depth: 3 }), 'badImage'],
    ['colours without a palette', aPng({ colour: 3 }), 'badImage'],
    ['a PNG with a zip behind it', Buffer.concat([png, Buffer.from('PK\x03\x04')]), 'badImage'],
    ['a PNG of no width', aPng({ width: 0 }), 'badImage'],
    ['a PNG of 2³¹ columns', aPng({ width: 2 ** 31 - 1, height: 1, rows: Buffer.alloc(1) }), 'badImage'],
    ['a PNG of too many pixels', aPng({ width: 10_000, height: 10_000, rows: Buffer.alloc(1) }), 'badImage'],
    ['a chunk longer than the file', changed(png, 8, 0x7f), 'badImage'],
    ['a JPEG that is cut off', jpeg.subarray(0, -2), 'badImage'],
    ['a JPEG with a script behind it', Buffer.concat([jpeg, Buffer.from('<?php')]), 'badImage'],
    [
      'a JPEG without a frame',
      Buffer.concat([Buffer.from([0xff, 0xd8]), jpegSegment(0xda, [1, 1, 0, 0, 63, 0]), Buffer.from([0xff, 0xd9])]),
      'badImage',
    ],
    ['a JPEG with two frames', aJpeg({ before: [jpegSegment(0xc0, [8, 0, 1, 0, 1, 1, 1, 0x11, 0])] }), 'badImage'],
    [
      'a JPEG without a scan',
      Buffer.concat([Buffer.from([0xff, 0xd8]), jpegSegment(0xc0, [8, 0, 1, 0, 1, 1, 1, 0x11, 0]), Buffer.from([0xff, 0xd9])]),
      'badImage',
    ],
    ['a segment longer than the file', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0]), 'badImage'],
    ['a segment shorter than its length', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 0xff, 0xd9]), 'badImage'],
    ['a JPEG of no height', aJpeg({ height: 0 }), 'badImage'],
  ])('%s: %s', (_what, bytes, expected) => {
    expect(outcome(bytes)).toBe(expected)
  })

  test('whatever the bytes, the answer is an image or a typed refusal, at once', () => {
    const start = fc.constantFrom(PNG_SIGNATURE, Buffer.from([0xff, 0xd8, 0xff]), png, jpeg, Buffer.alloc(0))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 400 }), (prefix, rest) => {
        expect(outcome(Buffer.concat([prefix, rest]))).toMatch(/^(image\/(png|jpeg) \d+×\d+|badImage|tooLarge)$/)
      }),
    )
  })

  test('one changed byte of a PNG is always seen', () => {
    fc.assert(
      fc.property(fc.nat({ max: png.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        expect(outcome(changed(png, at, (png[at] ?? 0) ^ flip))).toBe('badImage')
      }),
    )
  })
})

describe('how much a PNG unpacks to', () => {
  test.each([
    ['8 grey bits', { width: 8, height: 4 }, 36],
    ['1 bit, rows filled to whole bytes', { width: 9, height: 2, depth: 1 }, 6],
    ['16 bits of red, green, blue and alpha', { width: 3, height: 2, depth: 16, colour: 6 }, 50],
    ['Adam7: a pass for each eighth', { width: 8, height: 8, interlace: 1 }, 64 + 1 + 1 + 1 + 2 + 2 + 4 + 4],
    ['Adam7 of one pixel has one pass', { width: 1, height: 1, interlace: 1 }, 2],
  ])('%s', (_what, wish, expected) => {
    const png = aPng(wish)
    expect(pngContent(png, readDocumentImage(png)).unpackedBytes).toBe(expected)
  })

  test('an image that would fill the memory is refused before it is unpacked', () => {
    const png = aPng({ width: 7000, height: 7000, depth: 16, colour: 6, rows: Buffer.alloc(1) })
    expect(() => pngContent(png, readDocumentImage(png))).toThrow(AppError)
  })
})
