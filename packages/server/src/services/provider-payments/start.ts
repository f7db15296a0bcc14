/**
 * Paying by a connection: the payment is written down before the provider is asked, and what the provider calls it before the payer is sent
 * there.
 *
 * @module
 */
import type { OrderView, PayingOrderView } from '@evercert/contract'
import { transition, type Trx } from '../../db/transition.ts'
import { isOverLimit } from '../../domain/approval/rules.ts'
import { AppError } from '../../domain/errors.ts'
import { nextPollAt } from '../../domain/payment/decide-receipt.ts'
import type { StartedPayment } from '../../ports/payment.ts'
import { loadRules } from '../approvals/rules.ts'
import { newId, type Caller, type Services } from '../context.ts'
import { refuseIfOldEnded } from '../fulfil-order.ts'
import { findAnswer, runOnce, type IdempotentCall } from '../idempotency.ts'
import { callbackUrlOf, openPaymentConnection, type OpenPaymentConnection } from '../payment-connections.ts'
import { loadOrder } from '../read-orders.ts'
import { lockOrder } from '../renewal-locks.ts'
import { loadPayment, paymentQuery, toPaymentView, type PaymentRow } from './payments.ts'
import { checkPayment } from './poll.ts'

interface Wish {
  readonly orderId: string
  readonly connectionId: string
  /** Uses the second person's go-ahead, in the transaction that opens the payment; null: none is needed. */
  readonly useApproval: ((trx: Trx) => Promise<void>) | null
}

/**
 * Opens a payment at the provider, or gives the one that is open there for this order. A paid order is returned as it is.
 *
 * @throws AppError `notFound`, `conflict` (the order cannot be paid, the connection takes no payments), as {@link refuseIfOldEnded}, `invalid` (the provider does not take the
 *   amount), and what the provider refuses with
 */
export async function startPayment(
  services: Services,
  caller: Caller,
  call: IdempotentCall,
  wish: Wish,
): Promise<PayingOrderView> {
  const known = await findAnswer<PayingOrderView>(services, caller, call)
  if (known !== null) return known
  const connection = await openPaymentConnection(services, wish.connectionId)
  const payment = await prepare(services, caller, wish, connection)
  if (payment === null || payment.place !== null) {
    return runOnce(services, caller, call, (trx) => answer(trx, caller, wish.orderId, payment?.id ?? null))
  }
  const started = await startAtProvider(services, caller, payment, connection)
  return runOnce(services, caller, call, async (trx) => {
    await trx
      .updateTable('payment')
      .set({ external_id: started.externalId, place: JSON.stringify(started.place) })
      .where('id', '=', payment.id)
      .where('account_id', '=', caller.accountId)
      .execute()
    return answer(trx, caller, wish.orderId, payment.id)
  })
}

async function answer(trx: Trx, caller: Caller, orderId: string, paymentId: string | null): Promise<PayingOrderView> {
  const order = await loadOrder(trx, caller, orderId)
  if (paymentId === null) return { ...order, paymentPending: null }
  const payment = await loadPayment(trx, caller.accountId, paymentId)
  // A callback may have been quicker than the provider's answer to us.
  return { ...order, paymentPending: payment.state === 'created' ? toPaymentView(payment) : null }
}

/** @returns null when the order is paid */
async function prepare(
  services: Services,
  caller: Caller,
  wish: Wish,
  connection: OpenPaymentConnection,
): Promise<PaymentRow | null> {
  const first = await openPayment(services, caller, wish, connection)
  const expired = first !== null && (first.expires_at?.getTime() ?? 0) <= services.now()
  if (!expired) return first
  await checkPayment(services, caller, first.id) // it may have been paid in its last moment
  const second = await openPayment(services, caller, wish, connection)
  if (second?.id !== first.id) return second
  throw new AppError('conflict', `Paying order ${wish.orderId}: an earlier payment is being ended: try again in a minute.`)
}

function openPayment(
  services: Services,
  caller: Caller,
  { orderId, connectionId, useApproval }: Wish,
  { enabled, lifeMs, adapter }: OpenPaymentConnection,
): Promise<PaymentRow | null> {
  return services.db.transaction().execute(async (trx) => {
    await lockOrder(trx, caller.accountId, orderId)
    const order = await loadOrder(trx, caller, orderId)
    if (order.state === 'paid') return null
    await refuseUnpayable(services, trx, order)
    const open = await paymentQuery(trx)
      .where('account_id', '=', caller.accountId)
      .where('order_id', '=', orderId)
      .where('connection_id', '=', connectionId)
      .where('state', '=', 'created')
      .executeTakeFirst()
    if (open !== undefined) return open
    if (!enabled) {
      throw new AppError('conflict', `Paying order ${orderId}: ${connectionId} takes no new payments: pay in another way.`)
    }
    if (useApproval === null && isOverLimit(await loadRules(trx, caller.accountId), order.price))
      throw new AppError(
        'conflict',
        `Paying order ${orderId}: the rules of the account changed meanwhile, or the payment that was open for it is over: pay again.`,
        { stale: true },
      )
    await useApproval?.(trx)
    const now = services.now()
    const expiresAt = now + lifeMs
    const id = newId(services, 'pay')
    await trx
      .insertInto('payment')
      .values({
        id,
        account_id: caller.accountId,
        order_id: orderId,
        method: adapter.id,
        state: 'created',
        amount_minor: order.price.amountMinor,
        currency: order.price.currency,
        created_at: new Date(now),
        connection_id: connectionId,
        external_id: null,
        place: null,
        expires_at: new Date(expiresAt),
        poll_at: new Date(adapter.recordedByOperator ? expiresAt : nextPollAt(now, 0)),
        problem: null,
      })
      .execute()
    return loadPayment(trx, caller.accountId, id)
  })
}

async function refuseUnpayable(services: Services, trx: Trx, order: OrderView): Promise<void> {
  if (order.state !== 'placed') {
    throw new AppError('conflict', `Paying order ${order.id}: it is ${order.state}: place a new one.`, { stale: true })
  }
  if (order.price.amountMinor === 0) {
    throw new AppError('invalid', `Paying order ${order.id}: it is free of charge: pay it from the balance.`)
  }
  await refuseIfOldEnded(services, trx, order)
}

async function startAtProvider(
  services: Services,
  caller: Caller,
  payment: PaymentRow,
  { id: connectionId, provider }: OpenPaymentConnection,
): Promise<StartedPayment> {
  services.onStep('startPayment', 'intended')
  try {
    const started = await provider.start({
      reference: payment.id,
      title: `Evercert ${payment.order_id}`,
      amount: { amountMinor: payment.amount_minor, currency: payment.currency },
      callbackUrl: callbackUrlOf(services, connectionId),
      expiresAt: payment.expires_at?.getTime() ?? 0,
    })
    services.onStep('startPayment', 'done')
    return started
  } catch (error) {
    if (error instanceof AppError && error.retry === 'never') await giveUp(services, caller, payment, error)
    throw error
  }
}

/** Nobody was sent to pay, and nobody will be. */
async function giveUp(services: Services, caller: Caller, payment: PaymentRow, error: AppError): Promise<void> {
  await services.db
    .transaction()
    .execute((trx) =>
      transition(trx, {
        accountId: caller.accountId,
        certificateId: null,
        actor: caller.actor,
        now: services.now(),
        detail: error.code,
        subject: 'payment',
        id: payment.id,
        from: 'created',
        to: 'failed',
        set: { problem: error.code, poll_at: null },
      }),
    )
    .catch((conflict: unknown) => {
      if (!(conflict instanceof AppError && conflict.stale)) throw conflict
    })
}
