/**
 * The tables of notices, as Kysely sees them.
 *
 * @module
 */
import type { Generated, JSONColumnType } from 'kysely'
import type { Bilingual } from '@evercert/contract'
import type { RenewalProgress } from '../domain/notice/decide-notice.ts'
import type { DeliveryState } from '../domain/notice/delivery-machine.ts'
import type { NoticeKind } from '../domain/notice/notice-kinds.ts'
import type { CreditReason } from '../domain/payment/decide-receipt.ts'
import type { Money } from '../domain/payment/money.ts'

export interface NoticeSettingsTable {
  account_id: string
  leads_days: number[]
  quiet_from_minute: number | null
  quiet_until_minute: number | null
  time_zone: string
  language: 'en' | 'zh'
  recipients: JSONColumnType<readonly { readonly name: string; readonly email: string }[]>
  updated_at: Date
}

export interface NoticeChannelTable {
  id: string
  account_id: string
  name: string
  kind: string
  role: 'always' | 'fallback'
  /** Null when the channel was removed. */
  config_secret_id: string | null
  created_at: Date
  removed_at: Date | null
}

export interface NoticeTable {
  id: string
  account_id: string
  /** Null: it is about the account. */
  certificate_id: string | null
  kind: NoticeKind
  /** What it is about, so that it is told once: an issuance and a lead, an application, a deployment and its failure. */
  occasion: string
  facts: JSONColumnType<NoticeDetail>
  created_at: Date
  read_at: Date | null
  /** For this member alone; null: for everybody in the account. */
  for_user_id: Generated<string | null>
}

/**
 * `heldUp`: it would be renewed by itself, but not as things are now. `blocked`: it could not act by itself, and tries again. `reissueByHand`: inside the period paid for, and not managed.
 * `buyAnew`: its brand is not renewed. `renewsLater`: it is told of before its window opens.
 */
export interface NoticeOutlook {
  readonly does: 'renews' | 'reissues' | 'heldUp' | 'blocked' | 'reissueByHand' | 'buyAnew' | 'renewsLater'
  /** When it acts, tries again or opens, epoch milliseconds. */
  readonly at: number | null
  /** Why it could not, the last time; of `buyAnew` the brand. */
  readonly detail: string | null
  /** Why it will not be renewed by itself, and what to do; null or absent: nothing is known against it. */
  readonly foreseen?: Bilingual | null
}

/** Money that came in and paid no order, or more than it. */
export interface CreditedMoney {
  readonly reason: CreditReason | 'surplus'
  readonly orderId: string
  readonly paymentId: string
  /** What the order's payment was about. */
  readonly price: Money
  /** What came in. */
  readonly received: Money
  /** What went to the balance. */
  readonly credited: readonly Money[]
  /** For the operator: whose balance. Null in the notice of that account. */
  readonly account: { readonly id: string; readonly name: string } | null
}
/** What became of a request: done; to be used by who asked; refused; not possible any more; nobody decided. */
export type ApprovalOutcome = 'done' | 'approved' | 'refused' | 'lapsed' | 'expired'

/** What a notice was planned with; its sentences are made from this when it is shown or sent. */
export interface NoticeDetail {
  /** Or what else it is about. */
  readonly certificateName: string
  readonly names: readonly string[]
  /** Epoch milliseconds; null when nothing was issued yet. */
  readonly notAfter: number | null
  /** Of `expiry` and `expired`: the configured lead, or the days since. */
  readonly stageDays: number | null
  readonly progress: RenewalProgress | null
  /** What becomes of it without its owner; null or absent: nothing. */
  readonly outlook?: NoticeOutlook | null
  /** What happened, in the words of the failure. */
  readonly detail: string | null
  /** The channel, target or kind of request that it is about. */
  readonly place: string | null
  /** Of `moneyCredited` alone. */
  readonly money?: CreditedMoney | null
  /** Of `approvalDecided`. */
  readonly outcome?: ApprovalOutcome
  /** Of `revokedByCa`: the intermediate above the certificate, when it is that which was revoked. */
  readonly issuer?: string
  /** Of `revokedByCa`: of so many certificates at once; absent: of one. */
  readonly count?: number
  /** Of `endpointStrayed`: it was not seen to serve the certificate before. */
  readonly neverProved?: true
}

export interface NoticeDeliveryTable {
  id: string
  account_id: string
  notice_id: string
  channel_id: string
  state: DeliveryState
  version: Generated<number>
  attempts: Generated<number>
  attempt_at: Date
  problem_code: string | null
  problem: string | null
  created_at: Date
  sent_at: Date | null
}
