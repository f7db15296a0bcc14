/**
 * Reading DER (X.690), in Node and in a browser: definite lengths and single-byte tags only, as X.509 uses them.
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

/** More than anything of X.509 has but names and lists, which say how many they take. */
const MAX_CHILDREN = 64
/** Of an OBJECT IDENTIFIER; the longest in use have some twenty. */
const MAX_OID_BYTES = 128

/**
 * The elements inside a constructed one.
 *
 * @param most more are refused before they are read: each costs an object, and who sends megabytes of two bytes each wants just that
 * @throws DerError
 */
export function childrenOf(node: DerNode, most: number = MAX_CHILDREN): DerNode[] {
  const nodes: DerNode[] = []
  for (let at = 0; at < node.content.length;) {
    if (nodes.length === most) throw new DerError(`more than ${most} elements`)
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
  if (content.length > MAX_OID_BYTES) throw new DerError('an object identifier is too long')
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
