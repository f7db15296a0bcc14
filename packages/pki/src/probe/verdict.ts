/**
 * What may be expected of an endpoint, and the words for how it turned out.
 *
 * @module
 */

import type { KeyKind, SiteKeyKind } from './observation.ts'

/**
 * - `served`: the certificate that was expected (or, with nothing expected, a healthy one), complete, trusted and in time.
 * - `revoked` cannot arise from a handshake alone: only for a leaf, or one above it, that is known to be revoked.
 */
export type Verdict =
  | 'served'
  | 'oldCertificate'
  | 'otherCertificate'
  | 'wrongName'
  | 'incompleteChain'
  | 'untrusted'
  | 'expired'
  | 'notYetValid'
  | 'revoked'
  | 'unreachable'
  | 'notTls'

/** What the CA says of a certificate that it revoked. */
export interface RevokedFacts {
  /** Epoch milliseconds. */
  readonly at: number
  /** RFC 5280 §5.3.1. */
  readonly reason: string
  readonly source: string | null
  readonly url?: string | null
}

export interface Expectation {
  /** A DNS name (A-labels) or an IP address that the certificate must cover. */
  readonly serverName: string
  /** SHA-256 of the new leaf, lower-case hex. Without it, any healthy certificate is `served`. */
  readonly sha256?: string
  /** The kind of the new leaf's key: tells which of two certificates of a server is meant while neither is the new one. */
  readonly keyKind?: KeyKind
  /** Only a certificate with this kind of key is meant: one with the other kind, which another certificate is expected to be, is not looked at. */
  readonly onlyKey?: SiteKeyKind
  /** SHA-256 of the leaf that was there before, to tell a missed reload from a stranger's certificate. */
  readonly previousSha256?: string | null
  /** SHA-256 of certificates that are known to be revoked: whoever serves one, as the leaf or above it, is told so before anything else. */
  readonly revokedSha256?: readonly string[]
  /** What is known of those, by SHA-256: said with the verdict. */
  readonly revocations?: ReadonlyMap<string, RevokedFacts>
  /** SHA-256 of the intermediates that were issued with the leaf: makes `incompleteChain` certain instead of likely. */
  readonly intermediatesSha256?: readonly string[]
}
