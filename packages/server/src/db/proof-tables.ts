/**
 * The tables of endpoints and their proof, as Kysely sees them.
 *
 * @module
 */
import type { Generated, JSONColumnType } from 'kysely'
import type { EndpointProtocol, Verdict } from '@evercert/contract'
import type { SiteKeyKind } from '@evercert/pki/probe'

interface Bilingual {
  readonly en: string
  readonly zh: string
}

export interface EndpointTable {
  id: string
  account_id: string
  certificate_id: string
  host: string
  port: number
  server_name: string
  protocol: Generated<EndpointProtocol>
  /** Drawn once, 0 to 1 (exclusive). */
  jitter: Generated<number>
  /** When it is probed next; while a node has it, when others may take it over. Null: not by schedule. */
  probe_at: Date | null
  probed_at: Date | null
  /** When both kinds of keys were asked for last. */
  both_keys_at: Date | null
  /** The worst of its addresses. */
  verdict: Verdict | null
  /** The earliest end among what its addresses serve. */
  not_after: Date | null
  /** What all its addresses were seen to serve last when all was in order. */
  proved_sha256: string | null
  proved_at: Date | null
  /** Since when it serves something else than what was proved. */
  strayed_at: Date | null
  /** The kind of its certificate's key; null: none of the two, or not issued yet. Two of different kinds may have one place. */
  key_kind: Generated<SiteKeyKind | null>
  created_at: Date
}

export interface ObservationTable {
  endpoint_id: string
  account_id: string
  address: string
  certificate_id: string
  verdict: string
  sha256: string | null
  chain_sha256: string[]
  not_before: Date | null
  not_after: Date | null
  cause: JSONColumnType<Bilingual>
  remedy: JSONColumnType<Bilingual>
  observed_at: Date
  key_kind: 'rsa' | 'ecdsa' | 'other' | null
  /** The certificate that is served besides, for the other kind of key. */
  other: JSONColumnType<OtherObservation> | null
}

/** Instants in ISO 8601. */
export interface OtherObservation {
  readonly verdict: Verdict
  readonly keyKind: 'rsa' | 'ecdsa' | 'other'
  readonly sha256: string
  readonly chainSha256: readonly string[]
  readonly notBefore: string
  readonly notAfter: string
  readonly cause: Bilingual
  readonly remedy: Bilingual
}

export interface ReceiptKeyTable {
  /** Thumbprint of the public key (RFC 7638). */
  id: string
  public_jwk: JSONColumnType<{ readonly kty: string; readonly crv: string; readonly x: string }>
  secret_id: string
  created_at: Date
  retired_at: Date | null
}

export interface ReceiptTable {
  id: string
  account_id: string
  certificate_id: string
  issuance_id: string
  key_id: string
  /** Compact serialization (RFC 7515 §7.1). */
  jws: string
  proved_at: Date
}

export interface EndpointCandidateTable {
  id: string
  account_id: string
  host: string
  port: number
  server_name: string
  protocol: EndpointProtocol
  addresses: JSONColumnType<readonly CandidateAddress[]>
  certificate_id: string | null
  matched_by: 'sha256' | 'names' | null
  observed_at: Date
}

/** What one address of a candidate serves. Instants in ISO 8601. */
export interface CandidateAddress {
  readonly address: string
  readonly verdict: Verdict
  readonly sha256: string | null
  readonly subject: string | null
  readonly issuer: string | null
  readonly names: readonly string[]
  readonly notAfter: string | null
  readonly cause: Bilingual
  readonly remedy: Bilingual
}
