/**
 * The facts of a certificate (RFC 5280). OpenSSL decides whether it is one; the fields are read from the DER.
 *
 * @module
 */
import { hash, X509Certificate } from 'node:crypto'
import { childrenOf, DerError, expectTag, instantOf, integerHexOf, oidOf, readDer, TAG, toHex } from './der.ts'
import type { DerNode } from './der.ts'
import { readDistinguishedName } from './distinguished-name.ts'
import { PkiError } from './errors.ts'
import { ensureInputSize, parsePem } from './pem.ts'
import { spkiAlgorithm, spkiSha256 } from './spki.ts'
import { NO_ALT_NAMES, readAltNames } from './subject-alt-name.ts'
import { rememberX509 } from './x509.ts'

export interface CertificateFacts {
  /** Fingerprint of the DER, lower-case hex without colons. */
  readonly sha256: string
  /** Lower-case hex without a leading zero byte. */
  readonly serialHex: string
  /** Epoch milliseconds; both ends belong to the validity. */
  readonly notBefore: number
  readonly notAfter: number
  /** `C=US, O=Example, CN=example.com`. */
  readonly subject: string
  readonly issuer: string
  readonly commonName: string | null
  readonly issuerCommonName: string | null
  readonly organization: string | null
  readonly issuerOrganization: string | null
  /** DNS names of SubjectAltName, lower case; empty when the extension is missing. */
  readonly names: readonly string[]
  readonly ipAddresses: readonly string[]
  /** Of the public key: `p256`, `rsa2048`, … */
  readonly algorithm: string
  readonly spkiSha256: string
  /** Subject and authority key identifiers, lower-case hex; null when the extension is missing. */
  readonly skiHex: string | null
  readonly akiHex: string | null
  readonly isCa: boolean
  /** Object identifiers of the certificate policies, dotted; empty when the extension is missing. */
  readonly policies: readonly string[]
  readonly der: Uint8Array
}

const EXTENSIONS = 0xa3
const MAX_EXTENSIONS = 50
const SUBJECT_KEY_ID = '2.5.29.14'
const BASIC_CONSTRAINTS = '2.5.29.19'
const SUBJECT_ALT_NAME = '2.5.29.17'
const AUTHORITY_KEY_ID = '2.5.29.35'
const CERTIFICATE_POLICIES = '2.5.29.32'
/** CA certificates that one chain reader remembers; an estate has a few dozen. */
const MAX_REMEMBERED = 1000

/**
 * Reads one certificate; of a PEM text with several, the first.
 *
 * @throws PkiError `badPem`, `tooLarge`, `badCertificate`
 */
export function parseCertificate(input: string | Uint8Array): CertificateFacts {
  if (typeof input !== 'string') return readCertificate(input)
  const [block] = certificateBlocks(input)
  return readCertificate(block)
}

/**
 * Reads the certificates of a PEM text in the order given, at least one and at most 20.
 *
 * @throws PkiError `badPem`, `tooLarge`, `badCertificate` (also when a private key or a request stands among them)
 */
export function parseChain(pem: string): CertificateFacts[] {
  return certificateBlocks(pem).map(readCertificate)
}

/** {@link parseChain} for many chains: the CA certificates, which most of them share, are read once. */
export function createChainReader(): (pem: string) => CertificateFacts[] {
  const authorities = new Map<string, CertificateFacts>()
  return (pem) =>
    certificateBlocks(pem).map((der) => {
      const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1')
      const known = authorities.get(key)
      if (known !== undefined) return known
      const facts = readCertificate(der)
      if (facts.isCa && authorities.size < MAX_REMEMBERED) authorities.set(key, facts)
      return facts
    })
}

function certificateBlocks(pem: string): [Uint8Array, ...Uint8Array[]] {
  const blocks = parsePem(pem)
  const other = blocks.find(({ label }) => !/^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
  if (other) {
    throw new PkiError(
      'badCertificate',
      `The text holds a "${other.label}" block: send certificates only, keys have their own field.`,
    )
  }
  // parsePem gives at least one block.
  return blocks.map(({ der }) => der) as [Uint8Array, ...Uint8Array[]]
}

function readCertificate(der: Uint8Array): CertificateFacts {
  ensureInputSize(der.length)
  try {
    // OpenSSL has the last word: what it refuses can be installed nowhere.
    const x509 = new X509Certificate(der)
    const facts = readFacts(der)
    rememberX509(facts, x509)
    return facts
  } catch (cause) {
    throw new PkiError('badCertificate', 'The certificate cannot be read: send it as complete X.509 in PEM.', { cause })
  }
}

function readFacts(der: Uint8Array): CertificateFacts {
  const [body] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const fields = childrenOf(expectTag(body, TAG.sequence))
  // The version is optional: without it the certificate is of version 1 and has no extensions.
  if (fields[0]?.tag === TAG.contextConstructed0) fields.shift()
  const [serial, , issuer, validity, subject, spki] = fields
  const [notBefore, notAfter] = childrenOf(expectTag(validity, TAG.sequence))
  const extensions = readExtensions(fields.find(({ tag }) => tag === EXTENSIONS))
  const altNames = extensions.get(SUBJECT_ALT_NAME)
  const { dnsNames, ipAddresses } = altNames ? readAltNames(altNames) : NO_ALT_NAMES
  const subjectName = readDistinguishedName(subject)
  const issuerName = readDistinguishedName(issuer)
  const publicKey = expectTag(spki, TAG.sequence)
  return {
    sha256: hash('sha256', der),
    serialHex: integerHexOf(serial),
    notBefore: instantOf(notBefore),
    notAfter: instantOf(notAfter),
    subject: subjectName.text,
    issuer: issuerName.text,
    commonName: subjectName.commonName,
    issuerCommonName: issuerName.commonName,
    organization: subjectName.organization,
    issuerOrganization: issuerName.organization,
    names: dnsNames,
    ipAddresses,
    algorithm: spkiAlgorithm(publicKey),
    spkiSha256: spkiSha256(publicKey.whole),
    skiHex: subjectKeyId(extensions.get(SUBJECT_KEY_ID)),
    akiHex: authorityKeyId(extensions.get(AUTHORITY_KEY_ID)),
    isCa: isAuthority(extensions.get(BASIC_CONSTRAINTS)),
    policies: policiesOf(extensions.get(CERTIFICATE_POLICIES)),
    der,
  }
}

/** Extension values by object identifier. */
function readExtensions(node: DerNode | undefined): Map<string, Uint8Array> {
  const values = new Map<string, Uint8Array>()
  if (!node) return values
  const [list] = childrenOf(node)
  for (const extension of childrenOf(expectTag(list, TAG.sequence), MAX_EXTENSIONS)) {
    const parts = childrenOf(expectTag(extension, TAG.sequence))
    values.set(oidOf(parts[0]), expectTag(parts.at(-1), TAG.octetString).content)
  }
  return values
}

function isAuthority(basicConstraints: Uint8Array | undefined): boolean {
  const [first] = basicConstraints ? childrenOf(expectTag(readDer(basicConstraints), TAG.sequence)) : []
  return first?.tag === TAG.boolean && first.content[0] !== 0
}

/** Nothing depends on them but what is shown: malformed ones are none, and the certificate stays readable. */
function policiesOf(value: Uint8Array | undefined): string[] {
  if (!value) return []
  try {
    const list = childrenOf(expectTag(readDer(value), TAG.sequence))
    return list.map((policy) => oidOf(childrenOf(expectTag(policy, TAG.sequence))[0]))
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

function subjectKeyId(value: Uint8Array | undefined): string | null {
  return value ? toHex(expectTag(readDer(value), TAG.octetString).content) : null
}

function authorityKeyId(value: Uint8Array | undefined): string | null {
  if (!value) return null
  const keyId = childrenOf(expectTag(readDer(value), TAG.sequence)).find(({ tag }) => tag === TAG.context0)
  return keyId ? toHex(keyId.content) : null
}
