/**
 * Payment from the prepaid balance, kept as a double-entry ledger. Paying and the new certificate are one transaction.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { BalanceView, OrderView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import { requireTrue, writeLater } from '../db/later.ts'
import { transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { balanceEffect, ledgerEntries, type LedgerMovement } from '../domain/payment/ledger.ts'
import { formatMoney, requireCurrency, type Money } from '../domain/payment/money.ts'
import { lockNames } from './certificate-rows.ts'
import { newId, type Caller, type Services } from './context.ts'
import { changedMeanwhile, findPlace, fulfilAt, refuseIfOldEnded, requirePlace, type Place } from './fulfil-order.ts'
import { wakeUnpaid } from './management.ts'
import { loadOrder } from './read-orders.ts'
import { lockOrder } from './renewal-locks.ts'

interface Movement {
  readonly kind: LedgerMovement
  readonly amountMinor: number
  readonly currency: string
  /** Unique for its kind in the account: the same movement never counts twice. */
  readonly reference: string
  readonly orderId: string | null
  readonly note: string | null
}

/** An order that can be paid from the balance, with what that brings; without place it is paid already. */
export interface Payable {
  readonly order: OrderView
  readonly place: Place | null
}

/**
 * Pays an order from the balance: payment, ledger, order, new linked certificate and renewal change together or not at all.
 * Idempotent: a paid order is returned as it is.
 *
 * @throws AppError as {@link readPayable}
 */
export async function payOrder(services: Services, trx: Trx, caller: Caller, orderId: string): Promise<OrderView> {
  await lockOrder(trx, caller.accountId, orderId)
  return payAsRead(services, trx, caller, await readPayable(services, trx, caller, orderId))
}

/**
 * What {@link payAsRead} needs to know.
 *
 * @throws AppError `paymentRequired` with the missing amount, `conflict` (cancelled or expired), as {@link refuseIfOldEnded}, `notFound`
 */
export async function readPayable(services: Services, db: Db | Trx, caller: Caller, orderId: string): Promise<Payable> {
  const order = await loadOrder(db, caller, orderId)
  if (order.state === 'paid') return { order, place: null }
  if (order.state !== 'placed') throw new AppError('conflict', `Paying order ${orderId}: it is ${order.state}: place a new one.`)
  try {
    await refuseIfOldEnded(services, db, order)
    await requireBalance(db, caller.accountId, order.price)
  } catch (error) {
    // Paid behind the look above, perhaps: then the money that is missing is what it was paid with.
    const isAsRead = !(error instanceof AppError) || (await loadOrder(db, caller, orderId)).state === order.state
    if (isAsRead) throw error
    return readPayable(services, db, caller, orderId)
  }
  return { order, place: await findPlace(services, db, caller.accountId, order) }
}

/**
 * As {@link payOrder}, of what was read moments ago.
 *
 * @param isAllowed what else has to be true: true or false
 * @throws AppError `conflict`, stale, when it is not so any more: read it again
 */
export async function payAsRead(
  services: Services,
  trx: Trx,
  caller: Caller,
  payable: Payable,
  isAllowed: RawBuilder<boolean> = sql<boolean>`true`,
): Promise<OrderView> {
  const { order, place } = payable
  if (place === null) return order
  const now = services.now()
  const facts = { accountId: caller.accountId, certificateId: order.renewsCertificateId, actor: caller.actor, now }
  await lockOrder(trx, caller.accountId, order.id)
  await requirePlace(services, trx, caller.accountId, { order, place })
  const paymentId = await insertPayment(services, trx, order, facts)
  const movement = { kind: 'payment', ...order.price, reference: order.id, orderId: order.id, note: null } as const
  await moveMoneyLater(services, trx, caller.accountId, movement, { isAllowed, otherwise: () => changedMeanwhile(order) })
  await transition(trx, { ...facts, subject: 'payment', id: paymentId, from: 'created', to: 'succeeded' })
  return fulfilAt(services, trx, { order, place }, facts)
}

async function insertPayment(services: Services, trx: Trx, order: OrderView, facts: HistoryFacts): Promise<string> {
  const id = newId(services, 'pay')
  await writeLater(
    trx,
    trx.insertInto('payment').values({
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
    }),
  )
  return id
}

/**
 * Books a movement and adjusts the balance.
 *
 * @throws AppError `paymentRequired` when it would fall below zero, `idempotencyKeyReused` when its reference is booked already
 */
export async function moveMoney(services: Services, trx: Trx, accountId: string, movement: Movement): Promise<void> {
  const { kind, currency, reference } = movement
  const changeMinor = changeOf(movement)
  const { rows: counts } = await sql<{ booked: number; balanced: number }>`
    with ${bookAndBalance(services, accountId, movement)}
    select (select count(*)::int from booked) as booked, (select count(*)::int from balanced) as balanced`.execute(trx)
  if (counts[0]?.booked !== 1) {
    // The answer kept under the key was tidied away; the money was not.
    throw new AppError('idempotencyKeyReused', `Booking a ${kind}: it was booked under ${reference} before: use a new key.`)
  }
  if (changeMinor !== 0 && counts[0].balanced !== 1) throw await refusedChange(trx, accountId, currency, changeMinor)
}

/** The same for whoever has seen that the balance has as much: otherwise the transaction fails with what `otherwise` gives. */
async function moveMoneyLater(
  services: Services,
  trx: Trx,
  accountId: string,
  movement: Movement,
  { isAllowed, otherwise }: { readonly isAllowed: RawBuilder<boolean>; readonly otherwise: () => AppError },
): Promise<void> {
  const isBalanced = changeOf(movement) === 0 ? sql`true` : sql`(select count(*) from balanced) = 1`
  const isMoved = sql<boolean>`(select count(*) from booked) = 1 and ${isBalanced} and ${isAllowed}`
  await requireTrue(trx, isMoved, otherwise, bookAndBalance(services, accountId, movement))
}

function changeOf({ kind, amountMinor }: Movement): number {
  return balanceEffect(kind) * amountMinor
}

/** Two parts of one statement, each of which returns a row when it was done: a movement is a fifth of what paying asks of the database. */
function bookAndBalance(services: Services, accountId: string, movement: Movement): RawBuilder<unknown> {
  const { kind, amountMinor, currency, reference, orderId, note } = movement
  const id = newId(services, 'ltx')
  const entries = ledgerEntries(kind, { accountId, amountMinor, currency })
  const rows = entries.map((entry) => sql`(${entry.ledgerAccount}, ${entry.amountMinor}::bigint)`)
  return sql`booked as (
      insert into ledger_transaction (id, account_id, kind, reference, order_id, note, created_at)
      values (${id}, ${accountId}, ${kind}, ${reference}, ${orderId}, ${note}, ${new Date(services.now())})
      on conflict (account_id, kind, reference) do nothing returning id
    ), entered as (
      insert into ledger_entry (transaction_id, account_id, ledger_account, amount_minor, currency)
      select booked.id, ${accountId}, entry.ledger_account, entry.amount_minor, ${currency}
      from booked, (values ${sql.join(rows)}) as entry (ledger_account, amount_minor)
    ), balanced as (${changeBalance(accountId, currency, changeOf(movement))})`
}

/** Part of {@link moveMoney}'s statement: returns one row when the balance may change so and did. */
function changeBalance(accountId: string, currency: string, changeMinor: number): RawBuilder<unknown> {
  if (changeMinor === 0) return sql`select 1 where false`
  if (changeMinor > 0)
    return sql`insert into balance (account_id, currency, amount_minor)
      select ${accountId}, ${currency}, ${changeMinor}::bigint from booked
      on conflict (account_id, currency) do update set amount_minor = balance.amount_minor + excluded.amount_minor
      where balance.amount_minor + excluded.amount_minor <= ${Number.MAX_SAFE_INTEGER}::bigint returning 1`
  return sql`update balance set amount_minor = amount_minor + ${changeMinor}::bigint from booked
    where balance.account_id = ${accountId} and currency = ${currency} and amount_minor + ${changeMinor}::bigint >= 0 returning 1`
}

async function refusedChange(trx: Trx, accountId: string, currency: string, changeMinor: number): Promise<AppError> {
  if (changeMinor > 0)
    return new AppError('invalid', `Adding to the balance: it would be more than can be counted: spend some ${currency} first.`)
  return missing(-changeMinor - (await findBalance(trx, accountId, currency)), currency)
}

/** @throws AppError `paymentRequired` */
async function requireBalance(db: Db | Trx, accountId: string, { amountMinor, currency }: OrderView['price']): Promise<void> {
  if (amountMinor === 0) return
  const missingMinor = amountMinor - (await findBalance(db, accountId, currency))
  if (missingMinor > 0) throw missing(missingMinor, currency)
}

/** Whether the balance has as much, at this moment. */
export async function canAfford(db: Db | Trx, accountId: string, { amountMinor, currency }: Money): Promise<boolean> {
  return (await findBalance(db, accountId, currency)) >= amountMinor
}

async function findBalance(db: Db | Trx, accountId: string, currency: string): Promise<number> {
  const row = await db
    .selectFrom('balance')
    .select('amount_minor')
    .where('account_id', '=', accountId)
    .where('currency', '=', currency)
    .executeTakeFirst()
  return row?.amount_minor ?? 0
}

function missing(missingMinor: number, currency: string): AppError {
  return new AppError(
    'paymentRequired',
    `Paying from the balance: ${formatMoney({ amountMinor: missingMinor, currency })} are missing: top up the balance, then pay again.`,
    { facts: { missingMinor, currency } },
  )
}

/** Records money received. The reference (an idempotency key) makes it count once. @throws AppError `unknownCurrency` */
export async function topUpBalance(
  services: Services,
  trx: Trx,
  caller: Caller,
  topUp: { readonly amountMinor: number; readonly currency: string; readonly note: string | null; readonly reference: string },
): Promise<BalanceView> {
  requireCurrency(topUp.currency, 'Topping up')
  await lockNames(trx, caller.accountId)
  await wakeUnpaid(services, trx, caller.accountId)
  await moveMoney(services, trx, caller.accountId, { kind: 'topUp', ...topUp, orderId: null })
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
