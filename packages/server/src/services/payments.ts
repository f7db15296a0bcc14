/**
 * Payment from the prepaid balance, kept as a double-entry ledger. Paying and the new certificate are one transaction.
 *
 * @module
 */
import { sql } from 'kysely'
import type { BalanceView, OrderView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import { transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { balanceEffect, ledgerEntries, type LedgerMovement } from '../domain/payment/ledger.ts'
import { formatMoney } from '../domain/payment/money.ts'
import { newId, type Caller, type Services } from './context.ts'
import { fulfilOrder, refuseIfOldEnded } from './fulfil-order.ts'
import { wakeUnpaid } from './management.ts'
import { loadOrder } from './orders.ts'

interface Movement {
  readonly kind: LedgerMovement
  readonly amountMinor: number
  readonly currency: string
  /** Unique for its kind in the account: the same movement never counts twice. */
  readonly reference: string
  readonly orderId: string | null
  readonly note: string | null
}

/**
 * Pays an order from the balance: payment, ledger, order, new linked certificate and renewal change together or not at all.
 * Idempotent: a paid order is returned as it is.
 *
 * @throws AppError `paymentRequired` with the missing amount, `conflict` (cancelled, expired, or the old certificate ended), `notFound`
 */
export async function payOrder(services: Services, trx: Trx, caller: Caller, orderId: string): Promise<OrderView> {
  await sql`select id from "order" where id = ${orderId} and account_id = ${caller.accountId} for update`.execute(trx)
  const order = await loadOrder(trx, caller, orderId)
  if (order.state === 'paid') return order
  if (order.state !== 'placed') {
    throw new AppError('conflict', `Paying order ${orderId}: it is ${order.state}: place a new one.`, { stale: true })
  }
  const now = services.now()
  const facts = { accountId: caller.accountId, certificateId: order.renewsCertificateId, actor: caller.actor, now }
  await refuseIfOldEnded(services, trx, order)
  const paymentId = await insertPayment(services, trx, order, facts)
  await moveMoney(services, trx, caller.accountId, {
    kind: 'payment',
    ...order.price,
    reference: orderId,
    orderId,
    note: null,
  })
  await transition(trx, { ...facts, subject: 'payment', id: paymentId, from: 'created', to: 'succeeded' })
  return fulfilOrder(services, trx, order, facts)
}

async function insertPayment(services: Services, trx: Trx, order: OrderView, facts: HistoryFacts): Promise<string> {
  const id = newId(services, 'pay')
  await trx
    .insertInto('payment')
    .values({
      id,
      account_id: facts.accountId,
      order_id: order.id,
      method: 'balance',
      state: 'created',
      amount_minor: order.price.amountMinor,
      currency: order.price.currency,
      created_at: new Date(facts.now),
      connection_id: null,
      external_id: null,
      place: null,
      expires_at: null,
      poll_at: null,
      problem: null,
    })
    .execute()
  return id
}

/**
 * Books a movement and adjusts the balance.
 *
 * @throws AppError `paymentRequired` when it would fall below zero, `idempotencyKeyReused` when its reference is booked already
 */
export async function moveMoney(services: Services, trx: Trx, accountId: string, movement: Movement): Promise<void> {
  const { kind, amountMinor, currency, reference, orderId, note } = movement
  const id = newId(services, 'ltx')
  const booked = await trx
    .insertInto('ledger_transaction')
    .values({ id, account_id: accountId, kind, reference, order_id: orderId, note, created_at: new Date(services.now()) })
    .onConflict((conflict) => conflict.columns(['account_id', 'kind', 'reference']).doNothing())
    .executeTakeFirst()
  if (booked.numInsertedOrUpdatedRows !== 1n) {
    // The answer kept under the key was tidied away; the money was not.
    throw new AppError('idempotencyKeyReused', `Booking a ${kind}: it was booked under ${reference} before: use a new key.`)
  }
  const entries = ledgerEntries(kind, { accountId, amountMinor, currency })
  await trx
    .insertInto('ledger_entry')
    .values(
      entries.map((entry) => ({
        transaction_id: id,
        account_id: accountId,
        ledger_account: entry.ledgerAccount,
        amount_minor: entry.amountMinor,
        currency,
      })),
    )
    .execute()
  const effect = balanceEffect(kind)
  if (effect !== 0) await adjustBalance(trx, accountId, currency, effect * amountMinor)
}

async function adjustBalance(trx: Trx, accountId: string, currency: string, changeMinor: number): Promise<void> {
  if (changeMinor >= 0) {
    const added =
      await sql`insert into balance (account_id, currency, amount_minor) values (${accountId}, ${currency}, ${changeMinor})
      on conflict (account_id, currency) do update set amount_minor = balance.amount_minor + ${changeMinor}
      where balance.amount_minor + ${changeMinor} <= ${Number.MAX_SAFE_INTEGER}`.execute(trx)
    if (added.numAffectedRows === 1n) return
    throw new AppError('invalid', `Adding to the balance: it would be more than can be counted: spend some ${currency} first.`)
  }
  const result = await sql`update balance set amount_minor = amount_minor + ${changeMinor}
    where account_id = ${accountId} and currency = ${currency} and amount_minor + ${changeMinor} >= 0`.execute(trx)
  if (result.numAffectedRows === 1n) return
  const row = await trx
    .selectFrom('balance')
    .select('amount_minor')
    .where('account_id', '=', accountId)
    .where('currency', '=', currency)
    .executeTakeFirst()
  const missingMinor = -changeMinor - (row?.amount_minor ?? 0)
  throw new AppError(
    'paymentRequired',
    `Paying from the balance: ${formatMoney({ amountMinor: missingMinor, currency })} are missing: top up the balance, then pay again.`,
    { facts: { missingMinor, currency } },
  )
}

/** Records money received. The reference (an idempotency key) makes it count once. */
export async function topUpBalance(
  services: Services,
  trx: Trx,
  caller: Caller,
  topUp: { readonly amountMinor: number; readonly currency: string; readonly note: string | null; readonly reference: string },
): Promise<BalanceView> {
  await moveMoney(services, trx, caller.accountId, { kind: 'topUp', ...topUp, orderId: null })
  await wakeUnpaid(services, trx, caller.accountId)
  return loadBalance(trx, caller)
}

const LATEST_ENTRIES = 50

export async function loadBalance(db: Db | Trx, caller: Caller): Promise<BalanceView> {
  const balances = await db
    .selectFrom('balance')
    .select(['currency', 'amount_minor'])
    .where('account_id', '=', caller.accountId)
    .orderBy('currency')
    .execute()
  const entries = await db
    .selectFrom('ledger_transaction')
    .innerJoin('ledger_entry', 'ledger_entry.transaction_id', 'ledger_transaction.id')
    .select([
      'ledger_transaction.id',
      'ledger_transaction.kind',
      'ledger_transaction.order_id',
      'ledger_transaction.note',
      'ledger_transaction.created_at',
      'ledger_entry.amount_minor',
      'ledger_entry.currency',
    ])
    .where('ledger_transaction.account_id', '=', caller.accountId)
    .where('ledger_entry.ledger_account', 'like', 'customer:%')
    .orderBy('ledger_transaction.id', 'desc')
    .limit(LATEST_ENTRIES)
    .execute()
  return {
    balances: balances.map((row) => ({ amountMinor: row.amount_minor, currency: row.currency })),
    entries: entries.map((row) => ({
      id: row.id,
      kind: row.kind,
      amount: { amountMinor: row.amount_minor, currency: row.currency },
      orderId: row.order_id,
      note: row.note,
      at: row.created_at.toISOString(),
    })),
  }
}
