/**
 * Certificates as CAs put them where their certificates say (RFC 5280 §4.2.2.1): one, or a PKCS#7 bag of them (RFC 2797), in DER or PEM.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { childrenOf, DerError, oidOf, readDer, TAG } from './der-reader.ts'
import { PkiError } from './errors.ts'
import { parsePem } from './pem.ts'

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const MAX_CERTIFICATES = 20
/** Some CAs put all they have into one. */
const MAX_BAG = 256

/** DER of each that OpenSSL reads; empty when there is none. Never throws. */
export function readCertificateBag(input: Uint8Array): readonly Uint8Array[] {
  return fromDer(input) ?? fromPem(input)
}

function fromPem(input: Uint8Array): readonly Uint8Array[] {
  try {
    return parsePem(Buffer.from(input).toString('latin1')).flatMap(({ der }) => fromDer(der) ?? [])
  } catch (error) {
    if (error instanceof PkiError) return []
    throw error
  }
}

/** Null when it is no DER. */
function fromDer(input: Uint8Array): readonly Uint8Array[] | null {
  try {
    const node = readDer(input)
    const [first, second] = childrenOf(node)
    if (first?.tag !== TAG.oid) return isReadable(input) ? [input] : []
    if (oidOf(first) !== SIGNED_DATA || second === undefined) return []
    const bag = childrenOf(childrenOf(second)[0] ?? second).find(({ tag }) => tag === TAG.contextConstructed0)
    const certificates = bag === undefined ? [] : childrenOf(bag, MAX_BAG).map(({ whole }) => whole)
    return certificates.slice(0, MAX_CERTIFICATES).filter(isReadable)
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}

function isReadable(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).raw.length > 0
  } catch {
    return false
  }
}
