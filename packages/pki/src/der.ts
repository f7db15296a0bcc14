/**
 * Just enough DER (X.690) to write a PKCS#10 request and to read names and identifiers out of certificates. Not a general ASN.1
 * library: definite lengths and single-byte tags only.
 *
 * @module
 */
import { DerError, expectTag, TAG, type DerNode } from './der-reader.ts'

export * from './der-reader.ts'

/** One more than the longest that is taken. */
const MAX_TIME_BYTES = 16
const TIME = /^(?!0000)(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)([0-5]\d)Z$/

/** Lower-case hex of an INTEGER without the zero byte that keeps it positive. @throws DerError */
export function integerHexOf(node: DerNode | undefined): string {
  const hex = toHex(expectTag(node, TAG.integer).content)
  return hex.length > 2 && hex.startsWith('00') ? hex.slice(2) : hex
}

/** Epoch milliseconds of a UTCTime or GeneralizedTime in the one form that certificates may use (RFC 5280 §4.1.2.5). @throws DerError */
export function instantOf(node: DerNode | undefined): number {
  const isShort = node?.tag === TAG.utcTime
  const { content } = isShort ? node : expectTag(node, TAG.generalizedTime)
  const text = Buffer.from(content.subarray(0, MAX_TIME_BYTES)).toString('latin1')
  // Two digits mean 1950 to 2049.
  const parts = TIME.exec(isShort ? `${text < '50' ? '20' : '19'}${text}` : text)
  if (!parts) throw new DerError('a time is not of the form that certificates use')
  const [, year, month, day, hour, minute, second] = parts
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

/** One element out of contents that are concatenated. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const size = contents.reduce((sum, part) => sum + part.length, 0)
  const header = size < 0x80 ? [tag, size] : [tag, ...longLength(size)]
  return new Uint8Array(Buffer.concat([Uint8Array.from(header), ...contents]))
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function writeOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((value) => {
    const groups = [value & 0x7f]
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return writeDer(TAG.oid, Uint8Array.from(bytes))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

function longLength(size: number): number[] {
  const bytes: number[] = []
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left & 0xff)
  return [0x80 | bytes.length, ...bytes]
}
