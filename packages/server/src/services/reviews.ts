/**
 * The review of OV and EV applications: a queue, and decisions by somebody other than who applied (DOMAIN §4).
 *
 * @module
 */
import { sql } from 'kysely'
import type { DocumentContent, DocumentKind, ReviewCheck, ReviewDetail, ReviewView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import { toMs } from '../db/time.ts'
import { recordHistory, transition, type Trx } from '../db/transition.ts'
import type { Applicant } from '../domain/applicant/applicant.ts'
import { AppError } from '../domain/errors.ts'
import { checkApprover, checkEvidence, isOwn, REVIEW_CHECKS } from '../domain/review/decide-review.ts'
import type { ReviewState } from '../domain/review/review-machine.ts'
import { toApplicantView } from './applicants.ts'
import { openSentDocument } from './company-documents.ts'
import { notFound, personOf, type Caller, type Services } from './context.ts'
import { toEstimateView } from './estimates.ts'
import { planNotice } from './notices/plan.ts'
import { wake } from './wake.ts'

function reviewQuery(db: Db | Trx) {
  return db
    .selectFrom('review')
    .innerJoin('application', (join) =>
      join.onRef('application.id', '=', 'review.application_id').onRef('application.account_id', '=', 'review.account_id'),
    )
    .select([
      'review.id',
      'review.account_id',
      'review.certificate_id',
      'review.application_id',
      'review.state',
      'review.certificate_type',
      'review.checks',
      'review.evidence',
      'review.reason',
      'review.decided_by_name',
      'review.decided_at',
      'review.reviewed_at',
      'application.state as application_state',
      'application.identifiers',
      'application.applicant',
      'application.submitted_at',
      'application.submitted_by',
      'application.submitted_by_name',
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof reviewQuery>['executeTakeFirstOrThrow']>>

/** Reviewers of the installation see all accounts: the built-in CA is theirs. Null: every account. */
function accountSeenBy(caller: Caller): string | null {
  return caller.scopes.has('installation:operate') ? null : caller.accountId
}

export interface ReviewListQuery {
  readonly state: ReviewState
  readonly cursor?: string | undefined
  readonly limit: number
}

/** The queue, oldest first; what is decided, newest first. */
export async function listReviews(
  services: Services,
  caller: Caller,
  { state, cursor, limit }: ReviewListQuery,
): Promise<{ items: ReviewView[]; nextCursor: string | null }> {
  const accountId = accountSeenBy(caller)
  const isQueue = state === 'waiting'
  let query = reviewQuery(services.db).where('review.state', '=', state)
  if (accountId !== null) query = query.where('review.account_id', '=', accountId)
  if (isQueue) query = query.where('application.state', '=', 'inReview') // not what was withdrawn meanwhile
  if (cursor !== undefined) query = query.where('review.id', isQueue ? '>' : '<', cursor)
  const rows = await query
    .orderBy('review.id', isQueue ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  return {
    items: page.map((row) => toView(services, caller, row)),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  }
}

/** @throws AppError `notFound` */
export async function loadReview(services: Services, caller: Caller, id: string): Promise<ReviewDetail> {
  const row = await findReview(services.db, caller, id)
  return { ...toView(services, caller, row), applicant: toApplicantView(row.applicant ?? NOBODY, true) }
}

const NOBODY: Applicant = {
  contact: null,
  location: null,
  company: null,
  superior: null,
  documents: { businessLicence: null, bankPermit: null },
}

async function findReview(db: Db | Trx, caller: Caller, id: string): Promise<Row> {
  const accountId = accountSeenBy(caller)
  let query = reviewQuery(db).where('review.id', '=', id)
  if (accountId !== null) query = query.where('review.account_id', '=', accountId)
  const row = await query.executeTakeFirst()
  if (row === undefined) throw notFound('review', id)
  return row
}

/** A document as it was sent. @throws AppError `notFound` */
export async function loadReviewDocument(
  services: Services,
  caller: Caller,
  id: string,
  kind: DocumentKind,
): Promise<DocumentContent> {
  const row = await findReview(services.db, caller, id)
  const documentId = row.applicant?.documents[kind] ?? null
  if (documentId === null) throw notFound('document', `${kind} of ${id}`)
  return openSentDocument(services, row.account_id, documentId)
}

export interface Approval {
  readonly evidence: string
  readonly checks: readonly ReviewCheck[]
}

/** The application goes on to the validation of its domains. @throws AppError `reviewerIsApplicant`, `reviewIncomplete`, `conflict`, `notFound` */
export async function approveReview(services: Services, caller: Caller, id: string, approval: Approval): Promise<ReviewDetail> {
  await decide(services, caller, id, 'approved', async (trx, row, facts) => {
    checkEvidence(row.certificate_type, approval.checks)
    await transition(trx, {
      ...facts,
      subject: 'review',
      id,
      from: 'waiting',
      to: 'approved',
      detail: approval.evidence,
      set: {
        ...decidedBy(caller, facts.now),
        reviewed_at: new Date(facts.now),
        evidence: approval.evidence,
        checks: toChecks(approval.checks),
      },
    })
    await transition(trx, {
      ...facts,
      subject: 'application',
      id: row.application_id,
      from: 'inReview',
      to: 'pendingValidation',
      detail: 'approved by review',
    })
  })
  return loadReview(services, caller, id)
}

export interface Refusal {
  /** The applicant sees it. */
  readonly reason: string
  readonly evidence: string | null
  readonly checks: readonly ReviewCheck[]
}

/** The applicant corrects the application and submits it again. @throws AppError `reviewerIsApplicant`, `conflict`, `notFound` */
export async function refuseReview(services: Services, caller: Caller, id: string, refusal: Refusal): Promise<ReviewDetail> {
  await decide(services, caller, id, 'refused', async (trx, row, facts) => {
    await transition(trx, {
      ...facts,
      subject: 'review',
      id,
      from: 'waiting',
      to: 'refused',
      detail: refusal.reason,
      set: {
        ...decidedBy(caller, facts.now),
        reason: refusal.reason,
        evidence: refusal.evidence,
        checks: toChecks(refusal.checks),
      },
    })
    await transition(trx, {
      ...facts,
      subject: 'application',
      id: row.application_id,
      from: 'inReview',
      to: 'reviewFailed',
      detail: refusal.reason,
      set: { failed_code: 'reviewRefused', failed_detail: refusal.reason },
    })
    await recordHistory(trx, {
      ...facts,
      subject: 'certificate',
      subjectId: row.certificate_id,
      fromState: null,
      toState: 'reviewFailed',
      detail: 'reviewRefused',
    })
    await keepForPerson(trx, facts, refusal.reason)
    const { certificate_id: certificateId, application_id: occasion } = row
    await planNotice(services, trx, { certificateId, kind: 'applicationRefused', occasion, detail: refusal.reason })
  })
  return loadReview(services, caller, id)
}

/** A managed certificate does not send again by itself what a person refused: it says why, until somebody corrects it. */
async function keepForPerson(trx: Trx, { accountId, certificateId }: Facts, reason: string): Promise<void> {
  await trx
    .updateTable('management')
    .set((builder) => ({
      failures: builder('failures', '+', 1),
      failed_code: 'reviewRefused',
      failed_detail: reason,
      retry_at: null,
    }))
    .where('certificate_id', '=', certificateId)
    .where('account_id', '=', accountId)
    .execute()
}

interface Facts {
  readonly accountId: string
  readonly certificateId: string
  readonly actor: string
  readonly now: number
}

/** Both rows move by compare-and-set: of two decisions at once, or a decision and a withdrawal, one is refused. */
async function decide(
  services: Services,
  caller: Caller,
  id: string,
  outcome: 'approved' | 'refused',
  record: (trx: Trx, row: Row, facts: Facts) => Promise<void>,
): Promise<void> {
  const operation = `reviews.${outcome}`
  services.onStep(operation, 'intended')
  await services.db.transaction().execute(async (trx) => {
    const row = await findReview(trx, caller, id)
    checkApprover({ personId: personOf(caller), submittedBy: row.submitted_by })
    if (!isOpen(row)) {
      const state = row.state === 'waiting' ? `withdrawn (${row.application_state})` : row.state
      throw new AppError('conflict', `Deciding on ${id}: it does not wait any more: it is ${state}.`, { facts: { state } })
    }
    const facts = { accountId: row.account_id, certificateId: row.certificate_id, actor: caller.actor, now: services.now() }
    await record(trx, row, facts)
    await wake(services, trx, row.certificate_id)
    services.onStep(operation, 'done')
  })
  services.onStep(operation, 'recorded')
}

function isOpen(row: Row): boolean {
  return row.state === 'waiting' && row.application_state === 'inReview'
}

function decidedBy(caller: Caller, now: number) {
  return { decided_by: personOf(caller), decided_by_name: caller.actor, decided_at: new Date(now) }
}

function toChecks(checks: readonly ReviewCheck[]) {
  return sql`${JSON.stringify([...new Set(checks)])}::jsonb`
}

function toView(services: Services, caller: Caller, row: Row): ReviewView {
  return {
    id: row.id,
    certificateId: row.certificate_id,
    applicationId: row.application_id,
    state: row.state,
    open: isOpen(row),
    certificateType: row.certificate_type,
    domains: [...row.identifiers],
    companyName: row.applicant?.company?.name ?? null,
    submittedBy: row.submitted_by_name,
    isOwn: isOwn({ personId: personOf(caller), submittedBy: row.submitted_by }),
    submittedAt: row.submitted_at.toISOString(),
    estimate: toEstimateView(services, row.certificate_type, toMs(row.submitted_at)),
    requiredChecks: [...REVIEW_CHECKS[row.certificate_type]],
    confirmedChecks: [...row.checks],
    evidence: row.evidence,
    reason: row.reason,
    decidedBy: row.decided_by_name,
    decidedAt: row.decided_at?.toISOString() ?? null,
    reviewedAt: row.reviewed_at?.toISOString() ?? null,
  }
}
