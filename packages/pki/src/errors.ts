/**
 * The error of everything here that reads keys, requests and certificates.
 *
 * @module
 */

export type PkiErrorCode = 'badPem' | 'badCertificate' | 'badKey' | 'badCsr' | 'weakKey' | 'tooLarge' | 'badSignature'

/** Input that cannot be used. The message may be shown to its author: what is wrong and what to do; it holds no key material. */
export class PkiError extends Error {
  override readonly name = 'PkiError'
  readonly code: PkiErrorCode

  constructor(code: PkiErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }
}
