/**
 * The tables around applications: who applies, with what, and who reviewed it.
 *
 * @module
 */
import type { Generated, JSONColumnType } from 'kysely'
import type { Company, DocumentKind, ReviewCheck } from '@evercert/contract'
import type { CertificateType } from '../domain/product/specification.ts'
import type { ReviewState } from '../domain/review/review-machine.ts'

export interface ContactTable {
  id: string
  account_id: string
  name: string
  email: string
  phone: string
  created_at: Date
  updated_at: Date
}

export interface CompanyTable {
  id: string
  account_id: string
  details: JSONColumnType<Company>
  created_at: Date
  updated_at: Date
}

export interface CompanyDocumentTable {
  id: string
  account_id: string
  /** Null once the company has another of this kind, or is gone: applications still refer to it. */
  company_id: string | null
  kind: DocumentKind
  content_type: 'image/png' | 'image/jpeg'
  bytes: number
  width: number
  height: number
  secret_id: string
  created_at: Date
}

export interface CsrTable {
  id: string
  account_id: string
  name: string
  origin: 'system' | 'uploaded'
  common_name: string | null
  names: string[]
  algorithm: string
  spki_sha256: string
  der: Uint8Array
  private_key_id: string | null
  /** The agent on whose host the key is. */
  agent_id: Generated<string | null>
  /** Of that host; null where it is not known (any more). */
  site: Generated<string | null>
  created_at: Date
}

export interface ReviewTable {
  id: string
  account_id: string
  certificate_id: string
  application_id: string
  state: ReviewState
  version: Generated<number>
  certificate_type: CertificateType
  created_at: Date
  decided_by: string | null
  decided_by_name: string | null
  decided_at: Date | null
  /** When people last looked: of an earlier review, if that one counted. */
  reviewed_at: Date | null
  reused_review_id: string | null
  reason: string | null
  evidence: string | null
  checks: JSONColumnType<readonly ReviewCheck[]>
}
