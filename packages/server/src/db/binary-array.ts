/**
 * PostgreSQL's binary form of arrays of texts and of bytes. A text of quoted elements takes longer to write and to read than all else about a
 * statement with many rows.
 *
 * @module
 */

/** Dimensions, whether nulls are among them, type of the elements; of the one dimension: length, first index. All of 32 bits. */
const HEADER_BYTES = 20
const EMPTY_BYTES = 12
const NULL_LENGTH = -1
/** The most that UTF-8 takes for one unit of a JavaScript string. */
const MAX_BYTES_PER_UNIT = 3

type Element = string | Uint8Array | null

/**
 * @param elementType the type's oid: of one whose binary form is its text in UTF-8, or the bytes themselves
 * @returns null for what is no flat array of texts, bytes and nulls
 */
export function encodeArray(value: unknown, elementType: number): Buffer | null {
  if (!Array.isArray(value) || !value.every(isElement)) return null
  const elements: readonly Element[] = value
  const bytes = Buffer.allocUnsafe(elements.reduce((sum, element) => sum + 4 + mostBytesOf(element), HEADER_BYTES))
  bytes.writeInt32BE(elements.length === 0 ? 0 : 1, 0)
  bytes.writeInt32BE(elements.includes(null) ? 1 : 0, 4)
  bytes.writeInt32BE(elementType, 8)
  if (elements.length === 0) return bytes.subarray(0, EMPTY_BYTES)
  bytes.writeInt32BE(elements.length, 12)
  bytes.writeInt32BE(1, 16)
  let at = HEADER_BYTES
  for (const element of elements) {
    const length = element === null ? NULL_LENGTH : write(bytes, element, at + 4)
    bytes.writeInt32BE(length, at)
    at += 4 + Math.max(0, length)
  }
  return bytes.subarray(0, at)
}

function mostBytesOf(element: Element): number {
  if (element === null) return 0
  return typeof element === 'string' ? element.length * MAX_BYTES_PER_UNIT : element.length
}

/** @returns how many bytes it took */
function write(bytes: Buffer, element: string | Uint8Array, at: number): number {
  if (typeof element === 'string') return bytes.write(element, at)
  bytes.set(element, at)
  return element.length
}

function isElement(value: unknown): value is Element {
  return typeof value === 'string' || value === null || value instanceof Uint8Array
}
