/**
 * The error of everything here that reads keys, requests and certificates.
 *
 * @module
 */

export type PkiErrorCode = 'badPem' | 'badCertificate' | 'badKey' | 'badCsr' | 'weakKey' | 'tooLarge' | 'badSignature'

/** Why a certificate signing request cannot be used, as far as it itself says so. */
export type CsrFault = 'notOne' | 'unreadable' | 'weakDigest' | 'wrongSignature'

/** Input that cannot be used. The message may be shown to its author: what is wrong and what to do; it holds no key material. */
export class PkiError extends Error {
  override readonly name = 'PkiError'
  readonly code: PkiErrorCode
  /** What of several that the code stands for; null: the code says it. */
  readonly fault: CsrFault | null

  constructor(code: PkiErrorCode, message: string, options: { readonly cause?: unknown; readonly fault?: CsrFault } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.fault = options.fault ?? null
  }
}
