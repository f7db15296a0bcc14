/**
 * Who issued a certificate: by name and signature, whoever sent the issuer.
 *
 * @module
 */
import { X509Certificate, type KeyObject } from 'node:crypto'
import { childrenOf, expectTag, readDer, TAG } from '../der-reader.ts'
import { RevocationError } from './revocation-error.ts'

/** Whether the certificate was signed by the other, by name and signature; of what cannot be read, no. */
export function isIssuedByDer(certificate: Uint8Array, issuer: Uint8Array): boolean {
  try {
    const child = new X509Certificate(certificate)
    const parent = new X509Certificate(issuer)
    return child.checkIssued(parent) && isCommonKey(parent.publicKey) && child.verify(parent.publicKey)
  } catch {
    return false
  }
}

/** @throws RevocationError `badSignature`: what the other says of it is a stranger's word */
export function ensureIssued(certificate: Uint8Array, issuer: Uint8Array): void {
  if (!isIssuedByDer(certificate, issuer))
    throw new RevocationError('badSignature', 'it is the word of one who did not issue the certificate')
}

const MAX_EXPONENT = 2n ** 32n

/** Who is free to choose the exponent, or the curve, makes a key of their own that verifies a signature which is there already. */
function isCommonKey(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ec') {
    const [algorithm] = childrenOf(expectTag(readDer(key.export({ type: 'spki', format: 'der' })), TAG.sequence))
    return childrenOf(expectTag(algorithm, TAG.sequence))[1]?.tag === TAG.oid // RFC 5480 §2.1.1: named, never described
  }
  return (key.asymmetricKeyDetails?.publicExponent ?? 0n) <= MAX_EXPONENT
}
