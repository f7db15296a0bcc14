/**
 * Whether a private key belongs to a certificate.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import type { CertificateFacts } from './certificate.ts'
import type { PrivateKey } from './key.ts'

/** Compares public keys. OpenSSL is asked when the encodings differ, since a key has more than one (compressed points, RSA-PSS). */
export function keyMatches(certificate: CertificateFacts, key: PrivateKey): boolean {
  if (certificate.spkiSha256 === key.spkiSha256) return true
  try {
    return new X509Certificate(certificate.der).checkPrivateKey(key.keyObject)
  } catch {
    // OpenSSL throws for keys of different types: they do not match.
    return false
  }
}
