/**
 * What an OV or EV application starts with: a review that waits, or one that an earlier review of the same organisation stands in for.
 *
 * @module
 */
import type { Trx } from '../db/transition.ts'
import { recordHistory } from '../db/transition.ts'
import { toMs } from '../db/time.ts'
import { isSameOrganisation, type Applicant } from '../domain/applicant/applicant.ts'
import type { CertificateType } from '../domain/product/specification.ts'
import { mayReuseReview } from '../domain/review/decide-review.ts'
import { EVERCERT_ACTOR, newId, personOf, type Caller, type Services } from './context.ts'
import { planNotice } from './notices/plan.ts'

export interface Submitted {
  readonly applicationId: string
  readonly certificateId: string
  readonly certificateType: CertificateType
  readonly applicant: Applicant
}

export interface ReusableReview {
  readonly id: string
  /** When people looked, epoch milliseconds. */
  readonly reviewedAt: number
}

/** Earlier approvals that are looked through; the newest ones, since the others are older than any rule allows. */
const MAX_EARLIER = 50

/** The newest approval that still counts for the same organisation, down to its documents; null when people have to look. */
export async function findReusableReview(
  services: Services,
  trx: Trx,
  caller: Caller,
  { certificateType, applicant }: Pick<Submitted, 'certificateType' | 'applicant'>,
): Promise<ReusableReview | null> {
  const rows = await trx
    .selectFrom('review')
    .innerJoin('application', (join) =>
      join.onRef('application.id', '=', 'review.application_id').onRef('application.account_id', '=', 'review.account_id'),
    )
    .select(['review.id', 'review.certificate_type', 'review.reviewed_at', 'review.decided_by', 'application.applicant'])
    .where('review.account_id', '=', caller.accountId)
    .where('review.state', '=', 'approved')
    .where('review.reused_review_id', 'is', null)
    .orderBy('review.id', 'desc')
    .limit(MAX_EARLIER)
    .execute()
  const wanted = { certificateType, submittedBy: personOf(caller) }
  for (const row of rows) {
    if (row.reviewed_at === null || row.decided_by === null || row.applicant === null) continue
    const earlier = {
      certificateType: row.certificate_type,
      reviewedAt: toMs(row.reviewed_at),
      decidedBy: row.decided_by,
    }
    const counts = mayReuseReview(earlier, wanted, services.now()) && isSameOrganisation(row.applicant, applicant)
    if (counts) return { id: row.id, reviewedAt: earlier.reviewedAt }
  }
  return null
}

/** Stores the review of an application that was stored just before, and tells the reviewers that it waits. */
export async function openReview(
  services: Services,
  trx: Trx,
  caller: Caller,
  submitted: Submitted,
  reused: ReusableReview | null,
): Promise<void> {
  const now = services.now()
  const { applicationId, certificateId, certificateType } = submitted
  const id = newId(services, 'rev')
  await trx
    .insertInto('review')
    .values({
      id,
      account_id: caller.accountId,
      certificate_id: certificateId,
      application_id: applicationId,
      state: reused === null ? 'waiting' : 'approved',
      certificate_type: certificateType,
      created_at: new Date(now),
      decided_by: null,
      decided_by_name: reused === null ? null : EVERCERT_ACTOR,
      decided_at: reused === null ? null : new Date(now),
      reviewed_at: reused === null ? null : new Date(reused.reviewedAt),
      reused_review_id: reused?.id ?? null,
      reason: null,
      evidence: null,
      checks: '[]',
    })
    .execute()
  await recordHistory(trx, {
    accountId: caller.accountId,
    certificateId,
    subject: 'review',
    subjectId: id,
    fromState: null,
    toState: reused === null ? 'waiting' : 'approved',
    actor: reused === null ? caller.actor : EVERCERT_ACTOR,
    detail: reused === null ? null : `as reviewed ${new Date(reused.reviewedAt).toISOString()} (${reused.id})`,
    now,
  })
  if (reused === null)
    await planNotice(services, trx, {
      certificateId,
      kind: 'reviewWaiting',
      occasion: id,
      detail: null,
      place: certificateType,
    })
}
