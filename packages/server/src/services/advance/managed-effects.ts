/**
 * What a managed certificate does by itself: it buys its renewal, or applies for a reissue at no charge; and its successor applies with
 * the form of last time. What fails is kept with its reason for a person, and tried again.
 *
 * @module
 */
import { recordHistory } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { retryManagedAt } from '../../domain/managed/decide-managed.ts'
import { formatMoney } from '../../domain/payment/money.ts'
import { loadApplicationView } from '../application-view.ts'
import { submitApplication } from '../applications.ts'
import { EVERCERT_ACTOR, type Caller, type Services } from '../context.ts'
import { loadManagement } from '../management.ts'
import { createQuote, placeOrder } from '../orders.ts'
import { payOrder } from '../payments.ts'
import type { Work, WorkingManagement } from './facts.ts'

/** The service acts for the account within what its owner allowed; no operation of the API is called with this. */
function evercertFor(work: Work): Caller {
  return { accountId: work.accountId, tokenId: EVERCERT_ACTOR, actor: EVERCERT_ACTOR, scopes: new Set() }
}

/** Order, payment and the new managed certificate are one transaction: what cannot be paid leaves no order behind. */
export function renewManaged(services: Services, work: Work): Promise<void> {
  return orRecordFailure(services, work, async () => {
    const caller = evercertFor(work)
    const request = { renewsCertificateId: work.certificateId }
    const { price } = await createQuote(services, caller, request)
    await checkLimit(services, work, price)
    await services.db.transaction().execute(async (trx) => {
      const order = await placeOrder(services, trx, caller, { ...request, expectedAmountMinor: price.amountMinor })
      await payOrder(services, trx, caller, order.id)
      services.onStep('renewManaged', 'done')
    })
  })
}

async function checkLimit(services: Services, work: Work, price: { amountMinor: number; currency: string }): Promise<void> {
  const management = await loadManagement(services.db, work.accountId, work.certificateId)
  if (management === null) throw new AppError('conflict', 'Renewing: the certificate is not managed any more.', { stale: true })
  const { limit } = management
  if (price.currency === limit.currency && price.amountMinor <= limit.amountMinor) return
  throw new AppError(
    'spendingLimit',
    `Renewing ${work.certificateId} by itself: it costs ${formatMoney(price)}, and its owner allows ${formatMoney(limit)}: raise the limit, or renew it by hand.`,
    { facts: { amountMinor: price.amountMinor, currency: price.currency, limitMinor: limit.amountMinor } },
  )
}

/** Sends the form of last time: of this certificate for a reissue, of its predecessor for a renewal. */
export function applyManaged(services: Services, work: Work): Promise<void> {
  return orRecordFailure(services, work, async () => {
    const caller = evercertFor(work)
    const { form } = await loadApplicationView(services, caller, work.certificateId)
    await submitApplication(services, caller, work.certificateId, form)
    services.onStep('applyManaged', 'done')
  })
}

/** What a person may have to mend: kept with the certificate, and tried again by itself. */
async function orRecordFailure(services: Services, work: Work, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof AppError) || error.stale) throw error
    const { managed } = work
    if (managed === null) throw error
    await recordManagedFailure(services, work, managed, error)
  }
}

async function recordManagedFailure(
  services: Services,
  work: Work,
  managed: WorkingManagement,
  failure: AppError,
): Promise<void> {
  const now = services.now()
  const failures = managed.failures + 1
  services.log.warn({ event: 'managed.failed', certificateId: work.certificateId, error: failure })
  await services.db.transaction().execute(async (trx) => {
    await trx
      .updateTable('management')
      .set({
        failures,
        failed_code: failure.code,
        failed_detail: failure.message,
        retry_at: new Date(retryManagedAt(failures, managed.hardFrom, now)),
      })
      .where('certificate_id', '=', work.certificateId)
      .where('account_id', '=', work.accountId)
      .execute()
    await recordHistory(trx, {
      accountId: work.accountId,
      certificateId: work.certificateId,
      subject: 'management',
      subjectId: work.certificateId,
      fromState: 'managed',
      toState: 'failed',
      actor: EVERCERT_ACTOR,
      detail: failure.message,
      now,
    })
  })
}
