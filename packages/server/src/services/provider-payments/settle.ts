/**
 * Money that came in: each receipt counts once, pays its order or goes to the balance, in one transaction with the new certificate.
 *
 * @module
 */
import { sql } from 'kysely'
import type { OrderView } from '@evercert/contract'
import { transition, type HistoryFacts, type Trx } from '../../db/transition.ts'
import { decideReceipt, type CreditReason } from '../../domain/payment/decide-receipt.ts'
import { formatMoney, type Money } from '../../domain/payment/money.ts'
import type { PaymentReport } from '../../ports/payment.ts'
import { lockNames } from '../certificate-rows.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { fulfilOrder, whyOldEnded } from '../fulfil-order.ts'
import { wakeUnpaid } from '../management.ts'
import { moveMoney } from '../payments.ts'
import { loadOrder } from '../read-orders.ts'
import { lockOrder } from '../renewal-locks.ts'
import { loadPayment, type PaymentRow } from './payments.ts'
import { tellCredited } from './tell-credited.ts'

export interface Receipt {
  /** Within the payment: the same one never counts twice. */
  readonly reference: string
  readonly amount: Money
  readonly note: string | null
  /** More may follow. */
  readonly partial: boolean
}

export interface Locked {
  readonly payment: PaymentRow
  readonly order: OrderView
  readonly facts: HistoryFacts
}

/**
 * Names first, since what is not needed for the order may wake others (`wakeUnpaid`); order before payment, as whoever pays in another way locks them.
 *
 * @throws AppError `notFound`
 */
async function lock(services: Services, trx: Trx, id: string, who: { accountId: string; actor: string }): Promise<Locked> {
  const { accountId, actor } = who
  const { order_id: orderId } = await loadPayment(trx, accountId, id)
  await lockNames(trx, accountId)
  await lockOrder(trx, accountId, orderId)
  await sql`select id from payment where id = ${id} and account_id = ${accountId} for update`.execute(trx)
  const order = await loadOrder(trx, { accountId, tokenId: EVERCERT_ACTOR, actor, scopes: new Set() }, orderId)
  const facts = { accountId, certificateId: order.renewsCertificateId, actor, now: services.now() }
  return { payment: await loadPayment(trx, accountId, id), order, facts }
}

/**
 * What the provider says, applied. Safe to repeat in any order.
 *
 * @returns false when no payment of this connection has the reference
 */
export async function applyReport(services: Services, connectionId: string, report: PaymentReport): Promise<boolean> {
  const owner = await services.db
    .selectFrom('payment')
    .select('account_id')
    .where('id', '=', report.reference)
    .where('connection_id', '=', connectionId)
    .executeTakeFirst()
  if (owner === undefined) return false
  services.onStep('settlePayment', 'intended')
  await services.db.transaction().execute(async (trx) => {
    const locked = await lock(services, trx, report.reference, { accountId: owner.account_id, actor: EVERCERT_ACTOR })
    await rememberExternalId(trx, locked.payment, report.externalId)
    const { receipt, state } = report
    if (receipt !== null) {
      await receive(services, trx, locked, { reference: receipt.reference, amount: receipt.amount, note: null, partial: false })
    } else if (locked.payment.state === 'created' && (state === 'failed' || state === 'cancelled')) {
      await endUnpaid(services, trx, locked, state)
    }
    services.onStep('settlePayment', 'done')
  })
  services.onStep('settlePayment', 'recorded')
  return true
}

/** A callback may be quicker than the answer to the start. */
async function rememberExternalId(trx: Trx, payment: PaymentRow, externalId: string): Promise<void> {
  if (payment.external_id !== null) return
  await trx.updateTable('payment').set({ external_id: externalId }).where('id', '=', payment.id).execute()
}

/** In the caller's transaction; takes the locks. @returns false when the receipt was there already @throws AppError `notFound` */
export async function receiveFor(
  services: Services,
  trx: Trx,
  who: { readonly accountId: string; readonly actor: string; readonly paymentId: string },
  receipt: Receipt,
): Promise<boolean> {
  return receive(services, trx, await lock(services, trx, who.paymentId, who), receipt)
}

async function receive(services: Services, trx: Trx, locked: Locked, receipt: Receipt): Promise<boolean> {
  const { payment, order, facts } = locked
  if (!(await insertReceipt(trx, locked, receipt))) return false
  const { amount, partial } = receipt
  await book(services, trx, locked, { kind: 'receipt', amount, reference: `${payment.id}:${receipt.reference}` })
  const decision = decideReceipt({
    price: { amountMinor: payment.amount_minor, currency: payment.currency },
    paymentState: payment.state,
    orderPayable: order.state === 'placed' && (await whyOldEnded(services, trx, order)) === null,
    heldMinor: payment.state === 'created' ? payment.received_minor : 0,
    received: amount,
    partial,
  })
  const receivedMinor = payment.received_minor + (amount.currency === payment.currency ? amount.amountMinor : 0)
  switch (decision.kind) {
    case 'hold':
      await trx.updateTable('payment').set({ received_minor: receivedMinor }).where('id', '=', payment.id).execute()
      return true
    case 'settle':
      await settle(services, trx, locked, { receivedMinor, surplusMinor: decision.surplusMinor, receipt })
      return true
    case 'credit':
      await creditAll(services, trx, locked, { ...decision, reference: `receipt:${receipt.reference}` })
      await moveTo(trx, locked, { to: 'credited', problem: decision.reason, receivedMinor })
      await tellCredited(services, trx, locked, { reason: decision.reason, received: amount, credited: decision.amounts })
      if (facts.actor === EVERCERT_ACTOR)
        services.log.warn({ event: 'payment.credited', paymentId: payment.id, reason: decision.reason })
      return true
  }
}

async function insertReceipt(trx: Trx, { payment, facts }: Locked, { reference, amount, note }: Receipt): Promise<boolean> {
  const result = await trx
    .insertInto('payment_receipt')
    .values({
      payment_id: payment.id,
      reference,
      account_id: facts.accountId,
      amount_minor: amount.amountMinor,
      currency: amount.currency,
      note,
      recorded_by: facts.actor,
      received_at: new Date(facts.now),
    })
    .onConflict((conflict) => conflict.columns(['payment_id', 'reference']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

async function settle(
  services: Services,
  trx: Trx,
  locked: Locked,
  wish: { readonly receivedMinor: number; readonly surplusMinor: number; readonly receipt: Receipt },
): Promise<void> {
  const { payment, order, facts } = locked
  const { currency } = payment
  await transition(trx, {
    ...facts,
    subject: 'payment',
    id: payment.id,
    from: 'created',
    to: 'succeeded',
    detail: payment.connection_id,
    set: { received_minor: wish.receivedMinor, poll_at: null, problem: null },
  })
  await book(services, trx, locked, {
    kind: 'settlement',
    amount: { amountMinor: payment.amount_minor, currency },
    reference: order.id,
  })
  await fulfilOrder(services, trx, order, facts)
  const surplus = { amountMinor: wish.surplusMinor, currency }
  if (wish.surplusMinor <= 0) return
  await creditAll(services, trx, locked, { amounts: [surplus], reference: `receipt:${wish.receipt.reference}` })
  await tellCredited(services, trx, locked, { reason: 'surplus', received: wish.receipt.amount, credited: [surplus] })
}

/** The provider ended it. What an invoice holds in part goes to the balance. */
async function endUnpaid(services: Services, trx: Trx, locked: Locked, state: 'failed' | 'cancelled'): Promise<void> {
  const { received_minor: receivedMinor, currency } = locked.payment
  if (receivedMinor === 0) return moveTo(trx, locked, { to: state, problem: null, receivedMinor })
  const held = { amountMinor: receivedMinor, currency }
  await creditAll(services, trx, locked, { amounts: [held], reference: 'end' })
  await tellCredited(services, trx, locked, { reason: 'paymentEnded', received: held, credited: [held] })
  return moveTo(trx, locked, { to: 'credited', problem: 'paymentEnded' satisfies CreditReason, receivedMinor })
}

/** A payment that had succeeded or was credited before stays so: only its money is more. */
async function moveTo(
  trx: Trx,
  { payment, facts }: Locked,
  to: { readonly to: 'credited' | 'failed' | 'cancelled'; readonly problem: CreditReason | null; readonly receivedMinor: number },
): Promise<void> {
  const set = { received_minor: to.receivedMinor, problem: to.problem }
  if (payment.state === 'created' || payment.state === 'failed' || payment.state === 'cancelled') {
    const detail = to.problem
    await transition(trx, {
      ...facts,
      detail,
      subject: 'payment',
      id: payment.id,
      from: payment.state,
      to: to.to,
      set: { ...set, poll_at: null },
    })
    return
  }
  await trx.updateTable('payment').set({ received_minor: to.receivedMinor }).where('id', '=', payment.id).execute()
}

async function creditAll(
  services: Services,
  trx: Trx,
  locked: Locked,
  { amounts, reference }: { readonly amounts: readonly Money[]; readonly reference: string },
): Promise<void> {
  await wakeUnpaid(services, trx, locked.facts.accountId)
  for (const amount of amounts) {
    const id = `${locked.payment.id}:${reference}:${amount.currency}`
    await book(services, trx, locked, { kind: 'credit', amount, reference: id })
  }
}

function book(
  services: Services,
  trx: Trx,
  { payment, facts }: Locked,
  movement: { readonly kind: 'receipt' | 'settlement' | 'credit'; readonly amount: Money; readonly reference: string },
): Promise<void> {
  const { kind, amount, reference } = movement
  const note = kind === 'credit' ? `${formatMoney(amount)} of ${payment.id}` : payment.id
  return moveMoney(services, trx, facts.accountId, { kind, ...amount, reference, orderId: payment.order_id, note })
}
