/**
 * Cancelling and refunding: the row leaves the list, the money goes back to the balance, and the certificate that was to be renewed is
 * free again (docs/lifecycle.md).
 *
 * @module
 */
import type { EndingView } from '@evercert/contract'
import { recordHistory, transition, type Trx } from '../db/transition.ts'
import { decideCancel, decideRefund } from '../domain/certificate/decide-ending.ts'
import { AppError } from '../domain/errors.ts'
import type { Caller, Services } from './context.ts'
import { lockCertificate, refuseUnlessAllowed, withdrawIfAny, type LockedCertificate } from './ending-facts.ts'
import { endManagement, giveManagementBack } from './management.ts'
import { moveMoney } from './payments.ts'
import { loadOrder } from './read-orders.ts'
import { destroyKeys } from './stored-keys.ts'
import { cancelRenewalOf } from './unpaid-orders.ts'
import { wake } from './wake.ts'

/**
 * Cancels what is not issued. Idempotent.
 *
 * @throws AppError `notPurchased`, `alreadyIssued`, `issuanceUnderWay`, `refundPeriodOver`, `alreadyEnded`, `notFound`
 */
export async function cancelCertificate(
  services: Services,
  trx: Trx,
  caller: Caller,
  { id, withoutRefund }: { readonly id: string; readonly withoutRefund: boolean },
): Promise<EndingView> {
  const locked = await lockCertificate(services, trx, caller, id)
  const decision = decideCancel(locked.facts, { now: services.now(), withoutRefund })
  refuseUnlessAllowed('Cancelling', locked.record, decision)
  return cancelLocked(services, trx, caller, locked, decision)
}

/** What was decided already: by cancelling, or by deleting what was refused. */
export function cancelLocked(
  services: Services,
  trx: Trx,
  caller: Caller,
  locked: LockedCertificate,
  { done, refund }: { readonly done: boolean; readonly refund: boolean },
): Promise<EndingView> {
  if (done) return view(trx, caller, locked, { ...NOTHING_FREED, status: 'cancelled', isRefunded: locked.facts.refunded })
  return end(services, trx, caller, locked, { status: 'cancelled', refund })
}

/**
 * Gives the money of a certificate back to the balance and closes it. Idempotent.
 *
 * @throws AppError `notPurchased`, `refundNeedsRevocation`, `issuanceUnderWay`, `refundPeriodOver`, `alreadyRenewed`, `alreadyEnded`, `notFound`
 */
export async function refundCertificate(services: Services, trx: Trx, caller: Caller, id: string): Promise<EndingView> {
  const locked = await lockCertificate(services, trx, caller, id)
  const decision = decideRefund(locked.facts, services.now())
  refuseUnlessAllowed('Refunding', locked.record, decision)
  if (decision.done) return view(trx, caller, locked, { ...NOTHING_FREED, status: 'refunded', isRefunded: true })
  return end(services, trx, caller, locked, { status: 'refunded', refund: true })
}

/** The second time there is nothing to free any more. */
const NOTHING_FREED = { oldId: null, oldActsAt: null } as const

async function end(
  services: Services,
  trx: Trx,
  caller: Caller,
  locked: LockedCertificate,
  { status, refund }: { readonly status: 'cancelled' | 'refunded'; readonly refund: boolean },
): Promise<EndingView> {
  const { record, facts, history } = locked
  if (refund) await refundOrder(services, trx, locked)
  await withdrawIfAny(trx, locked)
  const oldId = await freeOld(trx, locked)
  const closed = await trx
    .updateTable('certificate')
    .set({ closed_as: status, closed_at: new Date(history.now) })
    .where('id', '=', record.id)
    .where('account_id', '=', record.accountId)
    .where('closed_as', 'is', null)
    .executeTakeFirst()
  if (closed.numUpdatedRows !== 1n) throw new AppError('conflict', `Ending ${record.id}: it was ended meanwhile: read it again.`)
  const oldActsAt =
    oldId === null
      ? await endManagement(trx, { ...history, certificateId: record.id })
      : await giveManagementBack(services, trx, history, { oldId, newId: record.id })
  const keys = await destroyKeys(trx, record.accountId, record.id)
  const money = refund ? 'the money went back to the balance' : 'the money was not given back'
  await recordHistory(trx, {
    ...history,
    subject: 'certificate',
    subjectId: record.id,
    fromState: facts.status,
    toState: status,
    detail: `${money}; ${keys} stored ${keys === 1 ? 'key' : 'keys'} destroyed`,
  })
  await wake(services, trx, record.id) // for TXT records
  return view(trx, caller, locked, { status, isRefunded: refund, oldId, oldActsAt })
}

/** A renewal that is closed has renewed its old certificate, and one that a revocation cancelled is cancelled already. */
async function freeOld(trx: Trx, { record, history }: LockedCertificate): Promise<string | null> {
  if (record.orderId === null || record.renewsCertificateId === null || record.issuance !== null) return null
  return cancelRenewalOf(trx, record.orderId, { ...history, certificateId: record.id })
}

/** Order, payment and ledger together; the order's id as the reference makes a second refund impossible. */
async function refundOrder(services: Services, trx: Trx, { record, history }: LockedCertificate): Promise<void> {
  const order = await trx
    .selectFrom('order')
    .select(['id', 'state', 'amount_minor', 'currency'])
    .where('account_id', '=', record.accountId)
    .where('id', '=', record.orderId)
    .executeTakeFirstOrThrow()
  await transition(trx, { ...history, subject: 'order', id: order.id, from: order.state, to: 'refunded' })
  const payment = await trx
    .selectFrom('payment')
    .select('id')
    .where('account_id', '=', record.accountId)
    .where('order_id', '=', order.id)
    .where('state', '=', 'succeeded')
    .executeTakeFirstOrThrow()
  await transition(trx, { ...history, subject: 'payment', id: payment.id, from: 'succeeded', to: 'refunded' })
  await moveMoney(services, trx, record.accountId, {
    kind: 'refund',
    amountMinor: order.amount_minor,
    currency: order.currency,
    reference: order.id,
    orderId: order.id,
    note: null,
  })
}

async function view(
  trx: Trx,
  caller: Caller,
  { record }: LockedCertificate,
  outcome: {
    readonly status: 'cancelled' | 'refunded'
    readonly isRefunded: boolean
    readonly oldId: string | null
    readonly oldActsAt: number | null
  },
): Promise<EndingView> {
  const order = await loadOrder(trx, caller, record.orderId ?? '')
  return {
    certificateId: record.id,
    status: outcome.status,
    order,
    refund: outcome.isRefunded ? order.price : null,
    oldCertificateId: outcome.oldId,
    oldActsAt: outcome.oldActsAt === null ? null : new Date(outcome.oldActsAt).toISOString(),
  }
}
