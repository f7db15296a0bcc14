/**
 * What a file or a pasted text holds of certificates and keys, read in the browser to show it and to put pairs together. The service
 * judges: nothing is refused here that it might take.
 *
 * @module
 */
import { bitStringOf, childrenOf, DerError, expectTag, oidOf, readDer, TAG, type DerNode } from '@evercert/pki/der-reader'

/** Why a text gives nothing, or less than it holds. */
export type SourceFault = 'noPem' | 'binary' | 'encryptedKey' | 'damaged' | 'tooLarge'

export interface CertificateBlock {
  /** Tells it from others: the end of its signature. */
  readonly id: string
  readonly pem: string
  readonly commonName: string | null
  readonly domains: readonly string[]
  /** Epoch milliseconds. */
  readonly notAfter: number
  readonly isCa: boolean
  /** DER of the names, in hex. */
  readonly subject: string
  readonly issuer: string
  /** What a key is recognized by, in hex: an RSA modulus, or a point of a curve. */
  readonly keyMark: string
}

export interface KeyBlock {
  readonly pem: string
  /** As {@link CertificateBlock.keyMark}; null when the key does not carry it. */
  readonly keyMark: string | null
}

export interface Source {
  /** A file's name, or what stands for a pasted text. */
  readonly name: string
  readonly certificates: readonly CertificateBlock[]
  readonly keys: readonly KeyBlock[]
  readonly faults: readonly SourceFault[]
}

/** Larger than any chain with its key. */
export const MAX_SOURCE_BYTES = 512 * 1024

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----((?:(?!-----)[\s\S])*)-----END \1-----/g
const BASIC_CONSTRAINTS = '2.5.29.19'
const SUBJECT_ALT_NAME = '2.5.29.17'
const COMMON_NAME = '2.5.4.3'
const RSA = '1.2.840.113549.1.1.1'
const EXTENSIONS = 0xa3
const VERSION = 0xa0
const PUBLIC_KEY = 0xa1
/** As many as the service reads. */
const MAX_ALT_NAMES = 10_000
const DNS_NAME = 0x82

export function readSource(name: string, text: string): Source {
  const certificates: CertificateBlock[] = []
  const keys: KeyBlock[] = []
  const faults = new Set<SourceFault>()
  const blocks = [...text.matchAll(BLOCK)]
  for (const [pem, label = '', body = ''] of blocks) {
    if (label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED')) faults.add('encryptedKey')
    else if (label.endsWith('CERTIFICATE')) add(certificates, faults, () => readCertificate(pem, derOf(body)))
    else if (label.endsWith('PRIVATE KEY')) add(keys, faults, () => readKey(pem, label, derOf(body)))
  }
  if (blocks.length === 0) faults.add(isBinary(text) ? 'binary' : 'noPem')
  return { name, certificates, keys, faults: [...faults] }
}

function add<Block>(to: Block[], faults: Set<SourceFault>, read: () => Block): void {
  try {
    to.push(read())
  } catch {
    faults.add('damaged') // not base64, or not the DER that was expected
  }
}

/** A PFX, a keystore or DER: text has no control characters but white space. */
function isBinary(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text.slice(0, 512))
}

export function derOf(body: string): Uint8Array {
  return Uint8Array.from(atob(body.replace(/\s+/g, '')), (char) => char.charCodeAt(0))
}

function readCertificate(pem: string, der: Uint8Array): CertificateBlock {
  const [body, , signature] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const fields = childrenOf(expectTag(body, TAG.sequence))
  if (fields[0]?.tag === VERSION) fields.shift()
  const [, , issuer, validity, subject, spki] = fields
  const [, notAfter] = childrenOf(expectTag(validity, TAG.sequence))
  const extensions = readExtensions(fields.find(({ tag }) => tag === EXTENSIONS))
  const commonName = commonNameOf(expectTag(subject, TAG.sequence))
  const domains = domainsOf(extensions.get(SUBJECT_ALT_NAME))
  return {
    id: hex(bitStringOf(signature).slice(-24)),
    pem: `${pem}\n`,
    commonName,
    domains: domains.length === 0 && commonName !== null ? [commonName] : domains,
    notAfter: instantOf(notAfter),
    isCa: isAuthority(extensions.get(BASIC_CONSTRAINTS)),
    subject: hex(expectTag(subject, TAG.sequence).whole),
    issuer: hex(expectTag(issuer, TAG.sequence).whole),
    keyMark: markOfPublicKey(expectTag(spki, TAG.sequence)),
  }
}

function markOfPublicKey(spki: DerNode): string {
  const [algorithm, key] = childrenOf(spki)
  const bits = bitStringOf(key)
  const isRsa = oidOf(childrenOf(expectTag(algorithm, TAG.sequence))[0]) === RSA
  return isRsa ? modulusOf(childrenOf(expectTag(readDer(bits), TAG.sequence))[0]) : hex(bits)
}

function readKey(pem: string, label: string, der: Uint8Array): KeyBlock {
  const fields = childrenOf(expectTag(readDer(der), TAG.sequence))
  const block = { pem: `${pem}\n` }
  if (label === 'RSA PRIVATE KEY') return { ...block, keyMark: modulusOf(fields[1]) }
  if (label === 'EC PRIVATE KEY') return { ...block, keyMark: pointOf(fields) }
  const [, algorithm, inner] = fields // PKCS#8 (RFC 5958)
  const isRsa = oidOf(childrenOf(expectTag(algorithm, TAG.sequence))[0]) === RSA
  const content = readDer(expectTag(inner, TAG.octetString).content)
  if (isRsa) return { ...block, keyMark: modulusOf(childrenOf(content)[1]) }
  return { ...block, keyMark: content.tag === TAG.sequence ? pointOf(childrenOf(content)) : null }
}

/** Of an ECPrivateKey (RFC 5915), which may leave it out. */
function pointOf(fields: readonly DerNode[]): string | null {
  const wrapped = fields.find(({ tag }) => tag === PUBLIC_KEY)
  return wrapped === undefined ? null : hex(bitStringOf(childrenOf(wrapped)[0]))
}

function modulusOf(node: DerNode | undefined): string {
  return hex(expectTag(node, TAG.integer).content).replace(/^(00)+/, '')
}

function readExtensions(node: DerNode | undefined): Map<string, Uint8Array> {
  const values = new Map<string, Uint8Array>()
  if (node === undefined) return values
  for (const extension of childrenOf(expectTag(childrenOf(node)[0], TAG.sequence))) {
    const parts = childrenOf(extension)
    values.set(oidOf(parts[0]), expectTag(parts.at(-1), TAG.octetString).content)
  }
  return values
}

function domainsOf(altNames: Uint8Array | undefined): string[] {
  if (altNames === undefined) return []
  return childrenOf(readDer(altNames), MAX_ALT_NAMES).flatMap(({ tag, content }) => (tag === DNS_NAME ? [textOf(content)] : []))
}

function isAuthority(basicConstraints: Uint8Array | undefined): boolean {
  const [first] = basicConstraints === undefined ? [] : childrenOf(readDer(basicConstraints))
  return first?.tag === TAG.boolean && first.content[0] !== 0
}

function commonNameOf(name: DerNode): string | null {
  for (const set of childrenOf(name)) {
    for (const pair of childrenOf(set)) {
      const [type, value] = childrenOf(pair)
      if (oidOf(type) === COMMON_NAME && value !== undefined) return textOf(value.content)
    }
  }
  return null
}

/** RFC 5280 §4.1.2.5: two digits mean 1950 to 2049. */
export function instantOf(node: DerNode | undefined): number {
  if (node === undefined) throw new DerError('there is no time')
  const text = textOf(node.content)
  const long = node.tag === TAG.utcTime ? `${text < '50' ? '20' : '19'}${text}` : text
  const at = Date.parse(long.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (Number.isNaN(at)) throw new DerError('a time is not of the form that certificates use')
  return at
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
