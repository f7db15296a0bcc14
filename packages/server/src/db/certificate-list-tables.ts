/**
 * Tables of the certificate list that queries are built over. Words, issuer names and tallies are asked in SQL alone.
 *
 * @module
 */

export interface CertificateTagTable {
  account_id: string
  certificate_id: string
  tag: string
  created_at: Date
}

/** Kept by triggers: nothing else writes it. */
export interface CertificateListingTable {
  certificate_id: string
  account_id: string
  lineage_id: string
  lineage_index: number
  /** What of the status does not depend on the clock. */
  phase: string
  closed: boolean
  origin: 'purchased' | 'uploaded'
  brand: string | null
  issuer: string | null
  not_after: Date | null
  window_opens_at: Date | null
  /** A `RenewalStage`; null: the renewal is proved. */
  waits_for: string | null
  place_not_after: Date
  place_name: string
}
