/**
 * Just enough DER (X.690) to write a PKCS#10 request and to read names and identifiers out of certificates. Not a general ASN.1
 * library: definite lengths and single-byte tags only.
 *
 * @module
 */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  context0: 0x80,
  contextConstructed0: 0xa0,
} as const

const TIME = /^(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d)([0-5]\d)Z$/

/** One element. `content` and `whole` are views of the input, not copies. */
export interface DerNode {
  readonly tag: number
  readonly content: Uint8Array
  /** The element with its tag and length. */
  readonly whole: Uint8Array
}

/** The input is not the DER that was expected. Callers turn it into their own typed error. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** The one element that fills the input. @throws DerError also when bytes follow it */
export function readDer(bytes: Uint8Array): DerNode {
  const node = readAt(bytes, 0)
  if (node.whole.length !== bytes.length) throw new DerError('bytes follow the end')
  return node
}

/** The elements inside a constructed one. @throws DerError */
export function childrenOf(node: DerNode): DerNode[] {
  const nodes: DerNode[] = []
  for (let at = 0; at < node.content.length;) {
    const child = readAt(node.content, at)
    nodes.push(child)
    at += child.whole.length
  }
  return nodes
}

/** The node, if it is there and has this tag. @throws DerError */
export function expectTag(node: DerNode | undefined, tag: number): DerNode {
  if (node?.tag !== tag) throw new DerError(`expected tag ${tag}, found ${node?.tag ?? 'nothing'}`)
  return node
}

/** Dotted form of an OBJECT IDENTIFIER. @throws DerError */
export function oidOf(node: DerNode | undefined): string {
  const { content } = expectTag(node, TAG.oid)
  const parts: number[] = []
  let value = 0
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    if (value > Number.MAX_SAFE_INTEGER / 128) throw new DerError('an object identifier is too large')
    if ((byte & 0x80) === 0) {
      parts.push(value)
      value = 0
    }
  }
  const first = parts.shift()
  if (first === undefined) throw new DerError('an object identifier is empty')
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...parts].join('.')
}

/** The bytes of a BIT STRING of whole bytes. @throws DerError */
export function bitStringOf(node: DerNode | undefined): Uint8Array {
  const { content } = expectTag(node, TAG.bitString)
  if (content[0] !== 0) throw new DerError('a bit string does not end at a byte')
  return content.subarray(1)
}

/** Lower-case hex of an INTEGER without the zero byte that keeps it positive. @throws DerError */
export function integerHexOf(node: DerNode | undefined): string {
  const hex = toHex(expectTag(node, TAG.integer).content)
  return hex.length > 2 && hex.startsWith('00') ? hex.slice(2) : hex
}

/** Epoch milliseconds of a UTCTime or GeneralizedTime in the one form that certificates may use (RFC 5280 §4.1.2.5). @throws DerError */
export function instantOf(node: DerNode | undefined): number {
  const isShort = node?.tag === TAG.utcTime
  const text = Buffer.from((isShort ? node : expectTag(node, TAG.generalizedTime)).content).toString('latin1')
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

function readAt(bytes: Uint8Array, at: number): DerNode {
  const tag = bytes[at]
  const short = bytes[at + 1]
  if (tag === undefined || short === undefined) throw new DerError('the input ends too early')
  if ((tag & 0x1f) === 0x1f) throw new DerError('long tags are not used in X.509')
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f
  if (short === 0x80 || lengthBytes > 4) throw new DerError('the length is not definite or too long')
  let size = lengthBytes === 0 ? short : 0
  for (let i = 0; i < lengthBytes; i++) size = size * 256 + (bytes[at + 2 + i] ?? 0)
  const start = at + 2 + lengthBytes
  if (start + size > bytes.length) throw new DerError('the input ends too early')
  return { tag, content: bytes.subarray(start, start + size), whole: bytes.subarray(at, start + size) }
}

function longLength(size: number): number[] {
  const bytes: number[] = []
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left & 0xff)
  return [0x80 | bytes.length, ...bytes]
}
