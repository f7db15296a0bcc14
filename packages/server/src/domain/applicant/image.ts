/**
 * What the readers of images share.
 *
 * @module
 */
import { AppError } from '../errors.ts'

export type ImageType = 'image/png' | 'image/jpeg'

export type DocumentImage = {
  readonly type: ImageType
  /** Pixels. */
  readonly width: number
  readonly height: number
}

export const DAMAGED = 'it is damaged or cut off: save it again'
export const TRAILING = 'something comes after the end of the image: save it again as a plain image'

export function bad(what: string): AppError {
  return new AppError('badImage', `Reading the document: ${what}.`)
}

export function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte)
}

export function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at)
}

export function uint16(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(at)
}
