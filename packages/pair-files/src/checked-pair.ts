/**
 * The pair to deploy, once it was checked.
 *
 * @module
 */
import type { CertificateFacts, PrivateKey } from '@evercert/pki'

/** A pair that matches, in the text that is written to disk. */
export interface CheckedPair {
  readonly certificatePem: string
  readonly keyPem: string
  readonly chain: readonly CertificateFacts[]
  readonly key: PrivateKey
  /** Of the leaf, lower-case hex. */
  readonly sha256: string
  /** Of every certificate, leaf first. */
  readonly chainSha256: readonly string[]
}
