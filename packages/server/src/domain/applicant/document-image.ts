/**
 * Documents as images: PNG or JPEG by what is in them, never by what they are called. The structure is walked to its end; nothing is
 * decoded, and what comes after the end is refused, for that is where other files hide.
 *
 * @module
 */
import { AppError } from '../errors.ts'
import { bad, startsWith, type DocumentImage } from './image.ts'
import { JPEG_START, readJpeg } from './jpeg.ts'
import { PNG_SIGNATURE, readPng } from './png.ts'

/** 500 KB (DOMAIN §4). */
export const MAX_DOCUMENT_BYTES = 500 * 1024
const MAX_SIDE = 20_000
/** What a viewer unpacks for one image: 50 megapixels. */
const MAX_PIXELS = 50_000_000

/** @throws AppError `tooLarge`, `badImage` (other type, damaged, hidden content, too many pixels) */
export function readDocumentImage(bytes: Uint8Array): DocumentImage {
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new AppError('tooLarge', `Reading the document: it has ${bytes.length} bytes: send at most ${MAX_DOCUMENT_BYTES}.`)
  }
  const image = startsWith(bytes, PNG_SIGNATURE) ? readPng(bytes) : startsWith(bytes, JPEG_START) ? readJpeg(bytes) : null
  if (image === null) throw bad('it is neither PNG nor JPEG: scan the document to one of these')
  const { width, height } = image
  if (width === 0 || height === 0) throw bad('it has no pixels: scan it again')
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS)
    throw bad(`it has ${width} × ${height} pixels: send at most ${MAX_SIDE} in a row and ${MAX_PIXELS} in all`)
  return image
}
