/**
 * Why a statement about revocation cannot be believed, or does not answer the question.
 *
 * @module
 */

/**
 * - `malformed`: not a CRL or OCSP response (RFC 5280 §5, RFC 6960 §4.2).
 * - `badSignature`: the issuer did not sign it, nor anybody whom it allowed to.
 * - `stale`: its next update is due already, or its own time is yet to come.
 * - `notCovered`: it is about other certificates, or about some of the reasons alone.
 * - `notAnswered`: the responder refuses, or does not know the certificate.
 */
export type RevocationFault = 'malformed' | 'badSignature' | 'stale' | 'notCovered' | 'notAnswered'

/** What was asked for and cannot be used. The message says what was seen, in English; it holds nothing secret. */
export class RevocationError extends Error {
  override readonly name = 'RevocationError'
  readonly fault: RevocationFault

  constructor(fault: RevocationFault, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.fault = fault
  }
}
