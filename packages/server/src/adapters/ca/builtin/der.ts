/**
 * Writes the DER (X.690) of certificates and CRLs. By hand, because a signature must cost microseconds, not milliseconds: the
 * library at hand took 4 ms for each certificate. Reads only what was checked before: our own certificates and verified CSRs.
 *
 * @module
 */

/** An element with its tag and length. */
export type Der = Buffer

const LAST_UTC_TIME_YEAR = 2049 // RFC 5280 §4.1.2.5

function element(tag: number, ...parts: readonly Uint8Array[]): Der {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content])
}

export function sequence(...parts: readonly Uint8Array[]): Der {
  return element(0x30, ...parts)
}

export function set(...parts: readonly Uint8Array[]): Der {
  return element(0x31, ...parts)
}

/** @param tag context-specific and constructed: 0 for `[0]` */
export function explicit(tag: number, ...parts: readonly Uint8Array[]): Der {
  return element(0xa0 + tag, ...parts)
}

/** @param tag context-specific and primitive: 6 for the URI of a GeneralName */
export function implicit(tag: number, content: Uint8Array | string): Der {
  return element(0x80 + tag, typeof content === 'string' ? Buffer.from(content, 'latin1') : content)
}

/** @param value not negative */
export function integer(value: Uint8Array | number): Der {
  const octets = typeof value === 'number' ? numberOctets(value) : trimmed(Buffer.from(value))
  return element(0x02, ...((octets[0] ?? 0) >= 0x80 ? [Buffer.from([0]), octets] : [octets]))
}

export function enumerated(value: number): Der {
  return element(0x0a, Buffer.from([value]))
}

export function boolean(value: boolean): Der {
  return element(0x01, Buffer.from([value ? 0xff : 0]))
}

export function octetString(content: Uint8Array): Der {
  return element(0x04, content)
}

/** @param unusedBits of the last octet */
export function bitString(content: Uint8Array, unusedBits = 0): Der {
  return element(0x03, Buffer.from([unusedBits]), content)
}

export function utf8String(text: string): Der {
  return element(0x0c, Buffer.from(text, 'utf8'))
}

/** @param text in the alphabet of PrintableString */
export function printableString(text: string): Der {
  return element(0x13, Buffer.from(text, 'latin1'))
}

/** @param instant epoch milliseconds; a fraction of a second is cut off */
export function time(instant: number): Der {
  const digits = `${new Date(instant).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`
  const isGeneralized = new Date(instant).getUTCFullYear() > LAST_UTC_TIME_YEAR
  return isGeneralized ? element(0x18, Buffer.from(digits)) : element(0x17, Buffer.from(digits.slice(2)))
}

/** @param dotted for instance `2.5.29.17` */
export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** The elements inside one, whole. The input was checked before. @throws RangeError when it is not DER all the same */
export function childrenOf(der: Uint8Array): Der[] {
  const whole = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const { start, end } = boundsAt(whole, 0)
  const children: Der[] = []
  for (let at = start; at < end;) {
    const child = boundsAt(whole, at)
    children.push(whole.subarray(at, child.end))
    at = child.end
  }
  return children
}

export function contentOf(der: Uint8Array): Buffer {
  const whole = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const { start, end } = boundsAt(whole, 0)
  return whole.subarray(start, end)
}

function boundsAt(whole: Buffer, at: number): { readonly start: number; readonly end: number } {
  const short = whole.readUInt8(at + 1)
  const octets = short < 0x80 ? 0 : short & 0x7f
  const length = octets === 0 ? short : whole.readUIntBE(at + 2, octets)
  const start = at + 2 + octets
  if (start + length > whole.length) throw new RangeError('an element is longer than its container')
  return { start, end: start + length }
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const octets = numberOctets(length)
  return [0x80 + octets.length, ...octets]
}

function numberOctets(value: number): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

function trimmed(octets: Buffer): Buffer {
  const first = octets.findIndex((octet) => octet !== 0)
  return first < 0 ? Buffer.from([0]) : octets.subarray(first)
}

function base128(value: number): readonly number[] {
  const high = Math.floor(value / 128)
  return high === 0 ? [value] : [...base128(high).map((octet) => octet | 0x80), value % 128]
}
