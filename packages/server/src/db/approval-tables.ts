/**
 * The tables of four eyes, as Kysely sees them.
 *
 * @module
 */
import type { Generated, JSONColumnType } from 'kysely'
import type { AccountRules, ApprovalKind, ApprovalState } from '@evercert/contract'

export interface AccountRulesTable {
  account_id: string
  rules: JSONColumnType<AccountRules>
  updated_at: Date
}

/** What was asked, in words and figures that a second person reads and that are compared before it is done. No secret. */
export type ApprovalFacts = Readonly<Record<string, string | number | boolean | null>>

export interface ApprovalTable {
  id: string
  account_id: string
  kind: ApprovalKind
  state: ApprovalState
  version: Generated<number>
  /** Of the API: `orders.pay`. */
  operation: string
  input: JSONColumnType<Readonly<Record<string, unknown>>>
  input_sha256: string
  facts: JSONColumnType<ApprovalFacts>
  subject: string
  certificate_id: string | null
  why: string | null
  /** The person: `personOf`. */
  requested_by: string
  requested_by_name: string
  requested_user_id: string | null
  /** Null when a session asked. */
  requested_token_id: string | null
  requested_at: Date
  expires_at: Date
  decided_by: string | null
  decided_by_name: string | null
  decided_at: Date | null
  decision_reason: string | null
  ended_at: Date | null
  problem_code: string | null
  problem: string | null
}
