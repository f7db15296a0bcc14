/**
 * What a managed certificate does by itself: it buys its renewal, or applies for a reissue at no charge; and its successor applies with
 * the form of last time. What fails is kept with its reason for a person, and tried again.
 *
 * @module
 */
import { isDeadlock } from '../../db/later.ts'
import { recordHistory, type Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { isWithinLimit, retryManagedAt } from '../../domain/managed/decide-managed.ts'
import { formatMoney, type Money } from '../../domain/payment/money.ts'
import { loadNextForm } from '../application-view.ts'
import { submitApplication } from '../applications.ts'
import { EVERCERT_ACTOR, type Caller, type Services } from '../context.ts'
import { draftOrder } from '../draft-order.ts'
import { planNotice } from '../notices/plan.ts'
import { placeOrder } from '../orders.ts'
import { canAfford, payOrder } from '../payments.ts'
import { loadOrder } from '../read-orders.ts'
import { lockToRenew } from '../renewal-locks.ts'
import type { Work, WorkingManagement } from './facts.ts'

/** The service acts for the account within what its owner allowed; no operation of the API is called with this. */
function evercertFor(work: Work): Caller {
  return { accountId: work.accountId, tokenId: EVERCERT_ACTOR, actor: EVERCERT_ACTOR, scopes: new Set() }
}

/**
 * Order, payment and the new managed certificate are one transaction, under the lock of the lineage, which whoever stops managing or changes the limit
 * takes, too: what cannot be paid leaves no order behind, and nothing is paid once managing was stopped or the limit lowered.
 */
export function renewManaged(services: Services, work: Work): Promise<void> {
  return orRecordFailure(services, work, (attempt) =>
    services.db.transaction().execute(async (trx) => {
      const caller = evercertFor(work)
      refuseWhileUnpaid(work)
      await lockToRenew(trx, work.accountId, work.certificateId)
      const limit = await loadLimit(trx, work)
      const wish = { request: { renewsCertificateId: work.certificateId }, preferredCurrency: limit.currency }
      const order = await placeOrder(services, trx, caller, await draftOrder(services, trx, caller, wish))
      attempt.price = order.price
      refuseAbove(limit, order.price, work)
      await payOrder(services, trx, caller, order.id)
      services.onStep('renewManaged', 'done')
    }),
  )
}

async function loadLimit(trx: Trx, work: Work): Promise<Money> {
  const row = await trx
    .selectFrom('management')
    .select(['limit_minor', 'currency'])
    .where('certificate_id', '=', work.certificateId)
    .where('account_id', '=', work.accountId)
    .executeTakeFirst()
  if (row === undefined) throw new AppError('conflict', 'Renewing: the certificate is not managed any more.', { stale: true })
  return { amountMinor: row.limit_minor, currency: row.currency }
}

function refuseWhileUnpaid({ certificateId, managed }: Work): void {
  const orderId = managed?.unpaidRenewal?.orderId
  if (orderId === undefined) return
  throw new AppError(
    'renewalUnpaid',
    `Renewing ${certificateId} by itself: its renewal was ordered by hand (${orderId}) and is not paid: pay the order, or cancel it.`,
    { facts: { orderId } },
  )
}

function refuseAbove(limit: Money, price: Money, work: Work): void {
  if (isWithinLimit(limit, price)) return
  throw new AppError(
    'spendingLimit',
    `Renewing ${work.certificateId} by itself: it costs ${formatMoney(price)}, and its owner allows ${formatMoney(limit)}: raise the limit, or renew it by hand.`,
    { facts: { amountMinor: price.amountMinor, currency: price.currency, limitMinor: limit.amountMinor } },
  )
}

/** Sends the form of last time: of this certificate for a reissue, of its predecessor for a renewal. */
export function applyManaged(services: Services, work: Work): Promise<void> {
  return orRecordFailure(services, work, async () => {
    refuseWhileUnpaid(work)
    const caller = evercertFor(work)
    const form = await loadNextForm(services, caller, work.certificateId)
    await submitApplication(services, caller, work.certificateId, { ...form, reissue: work.managed?.isEarly === true })
    services.onStep('applyManaged', 'done')
  })
}

interface Attempt {
  /** Of the order that it came to; null: to none. */
  price: Money | null
}

/** What a person may have to mend: kept with the certificate, and tried again by itself. */
async function orRecordFailure(services: Services, work: Work, act: (attempt: Attempt) => Promise<void>): Promise<void> {
  const attempt: Attempt = { price: null }
  try {
    await act(attempt)
  } catch (error) {
    const { managed } = work
    if (managed === null || isDeadlock(error) || (error instanceof AppError && error.stale)) throw error
    services.log.warn({ event: 'managed.failed', certificateId: work.certificateId, error })
    const unexpected = 'Acting by itself: an unexpected error: see the log.'
    const failure = error instanceof AppError ? error : new AppError('internal', unexpected)
    await recordManagedFailure(services, work, managed, { failure, price: attempt.price })
  }
}

/**
 * Whoever takes away what it failed for (money comes in, the limit is raised, the order that stands in its way is cancelled) wakes the certificates that
 * failed for that, under these locks: either they find this failure, or it is over here.
 *
 * @throws AppError `conflict`, stale, when that is over
 */
async function recordManagedFailure(
  services: Services,
  work: Work,
  managed: WorkingManagement,
  { failure, price }: Attempt & { readonly failure: AppError },
): Promise<void> {
  const now = services.now()
  const failures = managed.failures + 1
  await services.db.transaction().execute(async (trx) => {
    await lockToRenew(trx, work.accountId, work.certificateId)
    if (await isOver(trx, work, { failure, price }))
      throw new AppError('conflict', `Renewing ${work.certificateId}: what it failed for is over: try again.`, { stale: true })
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
    if (!needsPerson(work, managed, failure, now)) return
    await planNotice(services, trx, {
      certificateId: work.certificateId,
      kind: 'managedBlocked',
      occasion: `${work.issuanceId ?? 'first'}:${failure.code}`,
      detail: failure.message,
    })
  })
}

async function isOver(trx: Trx, work: Work, { failure, price }: Attempt & { readonly failure: AppError }): Promise<boolean> {
  const limit = await loadLimit(trx, work)
  if (failure.code === 'renewalUnpaid')
    return (await loadOrder(trx, evercertFor(work), work.managed?.unpaidRenewal?.orderId ?? '')).state !== 'placed'
  if (price === null) return false
  if (failure.code === 'spendingLimit') return isWithinLimit(limit, price)
  return failure.code === 'paymentRequired' && canAfford(trx, work.accountId, price)
}

const PATIENT_FAILURES = 3

/** What passes by itself is not told at once, unless the time is short. Each cause is told once for an issuance. */
function needsPerson({ issuanceId }: Work, managed: WorkingManagement, failure: AppError, now: number): boolean {
  if (failure.retry === 'never' || managed.failures + 1 >= PATIENT_FAILURES) return true
  return issuanceId !== null && now >= managed.hardFrom
}
