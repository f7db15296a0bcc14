/**
 * Asking the provider: a callback that was lost is found, and what is open for an order that is decided otherwise is ended.
 *
 * @module
 */
import { sql } from 'kysely'
import type { PaymentView } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { nextPollAt } from '../../domain/payment/decide-receipt.ts'
import type { PaymentReport } from '../../ports/payment.ts'
import type { Caller, Services } from '../context.ts'
import { openPaymentConnection } from '../payment-connections.ts'
import { loadPayment, paymentQuery, toPaymentView, type PaymentRow } from './payments.ts'
import { applyReport } from './settle.ts'

const MAX_PER_ROUND = 20

/** One round over what is due. @returns how many payments were asked about */
export async function pollDuePayments(services: Services, signal?: AbortSignal): Promise<number> {
  const due = await paymentQuery(services.db)
    .where('state', '=', sql.lit('created'))
    .where('poll_at', 'is not', null)
    .where('poll_at', '<=', new Date(services.now()))
    .orderBy('poll_at')
    .limit(MAX_PER_ROUND)
    .execute()
  for (const payment of due) {
    if (signal?.aborted) break
    await pollOne(services, payment, signal).catch((error: unknown) => recordProblem(services, payment, error))
  }
  return due.length
}

/** Asks now. @throws AppError `notFound`, and what the provider refuses with */
export async function checkPayment(services: Services, caller: Caller, id: string): Promise<PaymentView> {
  const payment = await loadPayment(services.db, caller.accountId, id)
  if (payment.state === 'created') await pollOne(services, payment)
  return toPaymentView(await loadPayment(services.db, caller.accountId, id))
}

async function pollOne(services: Services, payment: PaymentRow, signal?: AbortSignal): Promise<void> {
  const { connection_id: connectionId } = payment
  if (connectionId === null || !(await claim(services, payment))) return
  const report = await askProvider(services, payment, connectionId, signal)
  await applyReport(services, connectionId, report)
}

/** Two nodes never ask about the same payment at the same time; the next time is set before the question. */
async function claim(services: Services, { id, polls, expires_at: expiresAt }: PaymentRow): Promise<boolean> {
  const now = services.now()
  const next = nextPollAt(now, polls)
  const end = expiresAt?.getTime() ?? 0
  const result = await services.db
    .updateTable('payment')
    .set({ polls: polls + 1, poll_at: new Date(end > now ? Math.min(next, end) : next) })
    .where('id', '=', id)
    .where('polls', '=', polls)
    .where('state', '=', 'created')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

async function askProvider(
  services: Services,
  payment: PaymentRow,
  connectionId: string,
  signal?: AbortSignal,
): Promise<PaymentReport> {
  const { id: reference, external_id: externalId, order_id: orderId, expires_at: expiresAt } = payment
  const order = await services.db
    .selectFrom('order')
    .select('state')
    .where('id', '=', orderId)
    .where('account_id', '=', payment.account_id)
    .executeTakeFirstOrThrow()
  const isOver = order.state !== 'placed' || (expiresAt?.getTime() ?? 0) <= services.now()
  // Without an answer to the start nobody was sent to pay.
  if (externalId === null) return { reference, externalId: reference, state: isOver ? 'cancelled' : 'pending', receipt: null }
  const { provider } = await openPaymentConnection(services, connectionId)
  const handle = { reference, externalId }
  // What a provider says in answer to us is about the payment that we asked for.
  return { ...(await (isOver ? provider.end(handle, signal) : provider.read(handle, signal))), reference }
}

async function recordProblem(services: Services, payment: PaymentRow, error: unknown): Promise<void> {
  services.log.warn({ event: 'payment.pollFailed', paymentId: payment.id, error })
  const problem = error instanceof AppError ? error.code : 'internal'
  await services.db.updateTable('payment').set({ problem }).where('id', '=', payment.id).where('state', '=', 'created').execute()
}
