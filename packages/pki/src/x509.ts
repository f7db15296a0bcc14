/**
 * OpenSSL's own view of a certificate whose facts were read. Decoding one again takes longer than all the rest of a check.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'

interface Encoded {
  readonly der: Uint8Array
}

const decoded = new WeakMap<Encoded, X509Certificate>()

export function rememberX509(facts: Encoded, x509: X509Certificate): void {
  decoded.set(facts, x509)
}

/** The certificate as OpenSSL holds it; decoded anew for facts that were copied. */
export function x509Of(facts: Encoded): X509Certificate {
  return decoded.get(facts) ?? new X509Certificate(facts.der)
}
