/**
 * The tables of the built-in CA, as Kysely sees them.
 *
 * @module
 */
import type { JSONColumnType } from 'kysely'
import type { CaSubject } from '../ports/ca.ts'
import type { BuiltinChallenge } from '../ports/kit.ts'

export interface CaAuthorityTable {
  id: string
  root_pem: string
  intermediate_pem: string
  keys_secret_id: string
  created_at: Date
}

export interface CaOrderTable {
  id: string
  authority_id: string
  reference: string
  version: number
  state: 'pending' | 'ready' | 'signing' | 'issued' | 'refused'
  not_after: Date
  challenges: JSONColumnType<readonly BuiltinChallenge[]>
  serial: string | null
  csr_sha256: string | null
  not_before: Date | null
  chain_pem: string | null
  refusal: string | null
  /** OV and EV: the organisation that stands in the certificate. */
  subject: JSONColumnType<CaSubject> | null
  revoked_at: Date | null
  revocation_reason: number | null
}
