/**
 * What an error means for the certificate.
 *
 * @module
 */
import { recordHistory, transition, type Trx } from '../../db/transition.ts'
import { backoffMs } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { planNotice } from '../notices/plan.ts'
import type { Work, WorkingApplication } from './facts.ts'
import { forgetIssuerAccount } from './issuer-account.ts'

/**
 * What an error means for the application: refused for good, or tried again when its code allows. Installation effects record their
 * own failures; one that ends here is tried again by the probe's back-off.
 */
export async function recordFailure(services: Services, work: Work, error: unknown): Promise<void> {
  const failure = error instanceof AppError ? error : new AppError('internal', 'Advancing: an unexpected error: see the log.')
  const now = services.now()
  const application = work.application
  if (application === null) {
    await services.db
      .updateTable('certificate')
      .set({
        probe_failures: work.probeFailures + 1,
        probe_due_at: new Date(now + backoffMs('upstream', work.probeFailures + 1)),
      })
      .where('id', '=', work.certificateId)
      .where('account_id', '=', work.accountId)
      .execute()
    return
  }
  if (failure.pending) return recordWaiting(services, work, application, failure)
  if (failure.code === 'caAccountInvalid') await forgetIssuerAccount(services, application.issuerId)
  const failures = application.failures + 1
  const delayMs = failure.retry === 'after' ? (failure.retryAfterSeconds ?? 60) * 1000 : backoffMs('upstream', failures)
  await services.db.transaction().execute(async (trx) => {
    const result = await trx
      .updateTable('application')
      .set({ failures, failed_code: failure.code, failed_detail: failure.message, retry_at: new Date(now + delayMs) })
      .where('id', '=', application.id)
      .where('account_id', '=', work.accountId)
      .where('state', '=', application.state)
      .executeTakeFirst()
    // Withdrawn, or taken further by another node while this one was suspended: what it failed at is over.
    if (result.numUpdatedRows !== 1n || failure.retry !== 'never') return
    const facts = { accountId: work.accountId, certificateId: work.certificateId, actor: EVERCERT_ACTOR, now }
    await transition(trx, {
      ...facts,
      subject: 'application',
      id: application.id,
      from: application.state,
      to: 'reviewFailed',
      detail: failure.message,
    })
    await recordHistory(trx, {
      ...facts,
      subject: 'certificate',
      subjectId: work.certificateId,
      fromState: null,
      toState: 'reviewFailed',
      detail: failure.code,
    })
    await recordManagedRefusal(trx, work, failure, now)
    const told = { kind: 'applicationRefused', occasion: application.id, detail: failure.message } as const
    await planNotice(services, trx, { certificateId: work.certificateId, ...told })
  })
}

/** Under way elsewhere: nothing failed. What was told meanwhile, which changes the version, is looked at at once. */
async function recordWaiting(services: Services, work: Work, application: WorkingApplication, reason: AppError): Promise<void> {
  await services.db
    .updateTable('application')
    .set({
      failed_code: reason.code,
      failed_detail: reason.message,
      retry_at: new Date(services.now() + (reason.retryAfterSeconds ?? 60) * 1_000),
    })
    .where('id', '=', application.id)
    .where('account_id', '=', work.accountId)
    .where('state', '=', application.state)
    .where('version', '=', application.version)
    .execute()
}

/** A managed certificate applies again by itself, but not at once: what the CA refuses for good is refused again. */
const AFTER_REFUSAL_MS = 4 * HOUR_MS

async function recordManagedRefusal(trx: Trx, work: Work, failure: AppError, now: number): Promise<void> {
  await trx
    .updateTable('management')
    .set((builder) => ({
      failures: builder('failures', '+', 1),
      failed_code: failure.code,
      failed_detail: failure.message,
      retry_at: new Date(now + AFTER_REFUSAL_MS),
    }))
    .where('certificate_id', '=', work.certificateId)
    .where('account_id', '=', work.accountId)
    .execute()
}
