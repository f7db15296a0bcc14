/**
 * What CAs say of certificates, as Kysely sees it.
 *
 * @module
 */
import type { Generated } from 'kysely'
import type { RevocationUnknown } from '@evercert/contract'
import type { RevocationReasonName } from '@evercert/pki/revocation'

/** One certificate that an account holds or was shown by one of its endpoints, or that stands above such a one. */
export interface RevocationCheckTable {
  account_id: string
  /** Of the certificate. */
  sha256: string
  serial: string
  leaf_der: Uint8Array
  /** Null: it was not sent, and is looked for where the certificate says. */
  issuer_der: Uint8Array | null
  method: 'crl' | 'ocsp' | 'none'
  /** What it names for this method; one is asked, after a failure the next. */
  urls: string[]
  /** What is asked next. */
  url: string | null
  state: 'unknown' | 'good' | 'revoked'
  /** Of the last try; null when it gave an answer. */
  problem_code: RevocationUnknown | null
  problem: string | null
  /** Whose word the state is. */
  source: 'crl' | 'ocsp' | 'staple' | null
  /** When the last answer came that is believed. */
  checked_at: Date | null
  this_update: Date | null
  next_update: Date | null
  revoked_at: Date | null
  reason: RevocationReasonName | null
  failures: Generated<number>
  /** Of one that stands above others: when the last of them ends, or it. */
  not_after: Date
  /** When an endpoint last showed it; null: it is held, and was shown by none. One above others has none as long as one of them is held. */
  seen_at: Date | null
  /** When people were told that it is revoked. */
  told_at: Date | null
  /** When what follows from it was done; nothing more does. */
  acted_at: Date | null
  /** Null: it is not asked again. */
  next_at: Date | null
  /** It stands above others. */
  is_issuer: Generated<boolean>
}

/** Which certificates' people were told of a revoked intermediate. */
export interface ToldOfIssuerTable {
  account_id: string
  certificate_id: string
  /** The intermediate, and which of its holds, or its end. */
  occasion: string
  told_at: Date
}
