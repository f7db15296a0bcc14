/**
 * Whether a private key belongs to a certificate.
 *
 * @module
 */
import type { CertificateFacts } from './certificate.ts'
import type { PrivateKey } from './key.ts'
import { x509Of } from './x509.ts'

/** Compares public keys. OpenSSL is asked when the encodings differ, since a key has more than one (compressed points, RSA-PSS). */
export function keyMatches(certificate: CertificateFacts, key: PrivateKey): boolean {
  if (certificate.spkiSha256 === key.spkiSha256) return true
  try {
    return x509Of(certificate).checkPrivateKey(key.keyObject)
  } catch {
    // OpenSSL throws for keys of different types: they do not match.
    return false
  }
}
