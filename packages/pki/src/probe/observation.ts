/**
 * What one probe of one address saw. Plain values: they can be stored, sent and judged later.
 *
 * @module
 */

/** What a key signs with; `other` is an edwards curve or what Node does not name. */
export type KeyKind = SiteKeyKind | 'other'

/** The kinds of key of which a server can have a certificate each; clients choose by the signatures that they offer. */
export type SiteKeyKind = 'rsa' | 'ecdsa'

/** A certificate as the server sent it. */
export interface ServedCertificate {
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string
  /** Distinguished names on one line without control characters, most general part first as in the certificate; compared as text to follow the chain. */
  readonly subject: string
  readonly issuer: string
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** DNS names (lower case) and IP addresses of the subjectAltName; the common name is not among them, as clients ignore it. */
  readonly names: readonly string[]
  readonly keyKind: KeyKind
  readonly pem: string
}

interface ProbedAddress {
  /** The IP address that was dialled. */
  readonly address: string
  readonly port: number
  /** What SNI asked for; an IP address is not sent as SNI (RFC 6066 §3). */
  readonly serverName: string
  /** Epoch milliseconds, as handed in by the caller. */
  readonly observedAt: number
}

/** The leaf is encoded otherwise than X.509 demands. */
export const NOT_DER = 'NOT_DER'

/** A handshake took place. It says nothing yet about whether the certificate is the right one. */
export interface ServedObservation extends ProbedAddress {
  readonly reachable: true
  /** What the server sent, in the order sent, leaf first. Nothing is added from a local store; a root is here only if it was sent. */
  readonly chain: readonly [ServedCertificate, ...ServedCertificate[]]
  /** `TLSv1` to `TLSv1.3`. */
  readonly tlsVersion: string
  /** OpenSSL's name of the cipher suite. */
  readonly cipher: string
  /** The chain leads to a trusted root by the machine's clock. The name is not part of it. */
  readonly trusted: boolean
  /** OpenSSL's reason, such as `CERT_HAS_EXPIRED`, or {@link NOT_DER}; null when trusted. */
  readonly trustError: string | null
  /** The OCSP response that the server stapled, DER as sent; null when there was none, or one that is too long. Nothing of it is checked. */
  readonly ocspResponse: Uint8Array | null
  /** From dialling to the end of the handshake. */
  readonly handshakeMs: number
}

/**
 * - `refused`: nothing listens there.
 * - `timedOut`: no answer in time, or the caller gave up.
 * - `reset`: the connection was closed or reset during the handshake.
 * - `notTls`: the answer is not TLS.
 * - `noStartTls`: it speaks the protocol and does not change over to TLS.
 * - `wrongProtocol`: it speaks another protocol than the one that TLS was to begin in.
 * - `handshakeFailed`: it is TLS, but there is no agreement (an alert, a broken message, no common version).
 * - `unreachable`: there is no way to the address.
 */
export type ProbeFailure =
  'refused' | 'timedOut' | 'reset' | 'notTls' | 'noStartTls' | 'wrongProtocol' | 'unreachable' | 'handshakeFailed'

/** There was no handshake. */
export interface FailedObservation extends ProbedAddress {
  readonly reachable: false
  readonly failure: ProbeFailure
  /** One line for experts, in English, such as `wrong version number`. */
  readonly detail: string
  readonly elapsedMs: number
}

export type Observation = ServedObservation | FailedObservation
