/**
 * Certificate signing requests, PKCS#10 (RFC 2986): made for the names of an order, and checked when a user brings one.
 *
 * @module
 */
import { createPublicKey, sign, verify } from 'node:crypto'
import { bitStringOf, childrenOf, expectTag, oidOf, readDer, TAG, writeDer, writeOid } from './der.ts'
import type { DerNode } from './der.ts'
import { readDistinguishedName, writeCommonName } from './distinguished-name.ts'
import { PkiError } from './errors.ts'
import type { PrivateKey } from './key.ts'
import { ensureInputSize, parsePem } from './pem.ts'
import { isStrongKey, spkiAlgorithm, spkiSha256 } from './spki.ts'
import { NO_ALT_NAMES, readAltNames, writeAltNames } from './subject-alt-name.ts'
import type { AltNames } from './subject-alt-name.ts'

export interface CsrFacts {
  /** DNS names of the SubjectAltName extension, lower case; the common name instead when there is no extension. */
  readonly names: readonly string[]
  readonly commonName: string | null
  /** `p256`, `p384`, `rsa2048`, … */
  readonly algorithm: string
  /** Lower-case hex. */
  readonly spkiSha256: string
  readonly der: Uint8Array
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const SUBJECT_ALT_NAME = '2.5.29.17'
const NULL = Uint8Array.of(0x05, 0x00)
/** Signature algorithms with SHA-256 or better, and the digest to check each with. */
const SIGNATURE_DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}
/** RFC 5280 ub-common-name. A longer first name stays out of the subject: the CA reads the alternative names. */
const MAX_COMMON_NAME = 64

export interface CsrRequest {
  readonly key: PrivateKey
  /** A-labels, wildcards with `*.`; at least one. */
  readonly names: readonly string[]
  /** Left out of the subject when null or absent, and when it is longer than the 64 characters that X.509 allows. */
  readonly commonName?: string | null
}

/** A request in DER, signed with SHA-256 (SHA-384 for a P-384 key). */
export async function createCsr(request: CsrRequest): Promise<Uint8Array> {
  const { key, names } = request
  if (names.length === 0) throw new PkiError('badCsr', 'A request needs at least one name: give the domains of the order.')
  if (!isStrongKey(key.algorithm)) throw weakKey(key.algorithm)
  const body = writeRequestInfo(request)
  const isP384 = key.algorithm === 'p384'
  const signature = sign(isP384 ? 'sha384' : 'sha256', body, key.keyObject)
  const algorithm = key.algorithm.startsWith('rsa')
    ? writeDer(TAG.sequence, writeOid('1.2.840.113549.1.1.11'), NULL)
    : writeDer(TAG.sequence, writeOid(isP384 ? '1.2.840.10045.4.3.3' : '1.2.840.10045.4.3.2'))
  return writeDer(TAG.sequence, body, algorithm, writeDer(TAG.bitString, Uint8Array.of(0), signature))
}

/**
 * Reads a request and checks what any CA would: RSA from 2048 bits, P-256 or P-384; SHA-256 or better; the signature.
 *
 * @param input PEM text, or DER of at most 256 KiB
 * @throws PkiError `badPem`, `tooLarge`, `badCsr` (not a request, weak digest, wrong signature), `weakKey`
 */
export async function parseCsr(input: string | Uint8Array): Promise<CsrFacts> {
  const der = typeof input === 'string' ? derOfPem(input) : input
  ensureInputSize(der.length)
  try {
    return checkRequest(der)
  } catch (cause) {
    if (cause instanceof PkiError) throw cause
    throw new PkiError(
      'badCsr',
      'The CSR cannot be read: send the complete PKCS#10 request (-----BEGIN CERTIFICATE REQUEST-----).',
      { cause, fault: 'unreadable' },
    )
  }
}

function derOfPem(pem: string): Uint8Array {
  const [block, ...more] = parsePem(pem).filter(({ label }) => /^(NEW )?CERTIFICATE REQUEST$/.test(label))
  if (!block || more.length > 0) {
    throw new PkiError('badCsr', `The text holds ${block ? more.length + 1 : 0} certificate requests: send exactly one.`, {
      fault: 'notOne',
    })
  }
  return block.der
}

function checkRequest(der: Uint8Array): CsrFacts {
  const [info, signatureAlgorithm, signature] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const [, subject, spki, attributes] = childrenOf(expectTag(info, TAG.sequence))
  const publicKey = expectTag(spki, TAG.sequence)
  const algorithm = spkiAlgorithm(publicKey)
  if (!isStrongKey(algorithm)) throw weakKey(algorithm)
  const digest = SIGNATURE_DIGESTS[oidOf(childrenOf(expectTag(signatureAlgorithm, TAG.sequence))[0])]
  if (!digest)
    throw new PkiError(
      'badCsr',
      'The CSR is signed with a weak or unknown digest: make it again with SHA-256 (openssl req -sha256).',
      { fault: 'weakDigest' },
    )
  const key = createPublicKey({ key: Buffer.from(publicKey.whole), format: 'der', type: 'spki' })
  if (!verify(digest, expectTag(info, TAG.sequence).whole, key, bitStringOf(signature))) {
    throw new PkiError('badCsr', 'The signature of the CSR does not fit its key: the file was changed, make a new one.', {
      fault: 'wrongSignature',
    })
  }
  const { commonName } = readDistinguishedName(subject)
  const { dnsNames } = requestedAltNames(attributes)
  return {
    names: dnsNames.length > 0 || commonName === null ? dnsNames : [commonName.toLowerCase()],
    commonName,
    algorithm,
    spkiSha256: spkiSha256(publicKey.whole),
    der,
  }
}

function requestedAltNames(attributes: DerNode | undefined): AltNames {
  if (attributes?.tag !== TAG.contextConstructed0) return NO_ALT_NAMES
  for (const attribute of childrenOf(attributes)) {
    const [type, values] = childrenOf(expectTag(attribute, TAG.sequence))
    if (oidOf(type) !== EXTENSION_REQUEST) continue
    const [extensions] = childrenOf(expectTag(values, TAG.set))
    for (const extension of childrenOf(expectTag(extensions, TAG.sequence))) {
      const parts = childrenOf(expectTag(extension, TAG.sequence))
      if (oidOf(parts[0]) === SUBJECT_ALT_NAME) return readAltNames(expectTag(parts.at(-1), TAG.octetString).content)
    }
  }
  return NO_ALT_NAMES
}

function writeRequestInfo({ key, names, commonName = null }: CsrRequest): Uint8Array {
  const spki = createPublicKey(key.keyObject).export({ type: 'spki', format: 'der' })
  const altNames = writeDer(TAG.sequence, writeOid(SUBJECT_ALT_NAME), writeDer(TAG.octetString, writeAltNames(names)))
  const extensionRequest = writeDer(
    TAG.sequence,
    writeOid(EXTENSION_REQUEST),
    writeDer(TAG.set, writeDer(TAG.sequence, altNames)),
  )
  return writeDer(
    TAG.sequence,
    writeDer(TAG.integer, Uint8Array.of(0)),
    writeCommonName(commonName !== null && commonName.length <= MAX_COMMON_NAME ? commonName : null),
    spki,
    writeDer(TAG.contextConstructed0, extensionRequest),
  )
}

function weakKey(algorithm: string): PkiError {
  return new PkiError('weakKey', `The key (${algorithm}) cannot be certified: use RSA of at least 2048 bits, P-256 or P-384.`)
}
