/**
 * Payment from the prepaid balance, kept as a double-entry ledger. Paying and the new certificate are one transaction.
 *
 * @module
 */
import { sql } from 'kysely'
import type { BalanceView, OrderView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import { recordHistory, transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { ledgerEntries, type LedgerMovement } from '../domain/payment/ledger.ts'
import { formatMoney } from '../domain/payment/money.ts'
import { findByName, insertCertificateRow } from './certificate-rows.ts'
import { newId, type Caller, type Services } from './context.ts'
import { passManagementOn, wakeUnpaid } from './management.ts'
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
  const now = services.now()
  const facts = { accountId: caller.accountId, certificateId: order.renewsCertificateId, actor: caller.actor, now }
  await refuseIfOldEnded(services, trx, order)
  await transition(trx, {
    ...facts,
    subject: 'order',
    id: orderId,
    from: order.state,
    to: 'paid',
    set: { paid_at: new Date(now) },
  })
  const paymentId = await insertPayment(services, trx, order, facts)
  await moveMoney(services, trx, caller.accountId, {
    kind: 'payment',
    ...order.price,
    reference: orderId,
    orderId,
    note: null,
  })
  await transition(trx, { ...facts, subject: 'payment', id: paymentId, from: 'created', to: 'succeeded' })
  await insertCertificate(services, trx, order, facts)
  return loadOrder(trx, caller, orderId)
}

/** The old certificate may have expired or been revoked since the order was placed: then it is bought anew. */
async function refuseIfOldEnded(services: Services, trx: Trx, order: OrderView): Promise<void> {
  if (order.renewsCertificateId === null) return
  const old = await trx
    .selectFrom('certificate')
    .innerJoin('issuance', 'issuance.id', 'certificate.issuance_id')
    .select(['issuance.not_after', 'certificate.revoked_at', 'certificate.closed_as'])
    .where('certificate.id', '=', order.renewsCertificateId)
    .executeTakeFirst()
  const ended =
    old === undefined || old.revoked_at !== null || old.closed_as !== null || old.not_after.getTime() <= services.now()
  if (!ended) return
  throw new AppError(
    'conflict',
    `Paying order ${order.id}: the certificate that it renews expired or was revoked meanwhile: cancel the order and buy a new certificate.`,
  )
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
  await adjustBalance(trx, accountId, currency, kind === 'payment' ? -amountMinor : amountMinor)
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

/** The row that appears under the old one: pendingApplication, linked. */
async function insertCertificate(services: Services, trx: Trx, order: OrderView, facts: HistoryFacts): Promise<void> {
  const id = newId(services, 'crt')
  await insertCertificateRow(trx, {
    id,
    accountId: facts.accountId,
    origin: 'purchased',
    productId: order.productId,
    orderId: order.id,
    renewsCertificateId: order.renewsCertificateId,
    now: facts.now,
    ...(await placeInLineage(trx, order, id, facts.accountId)),
  })
  await recordHistory(trx, {
    ...facts,
    certificateId: id,
    subject: 'certificate',
    subjectId: id,
    fromState: null,
    toState: 'pendingApplication',
    detail: order.renewsCertificateId === null ? null : `renews ${order.renewsCertificateId}`,
  })
  if (order.renewsCertificateId === null) return
  await openRenewal(trx, order.id, id, facts)
  await passManagementOn(services, trx, facts, { oldId: order.renewsCertificateId, newId: id })
}

async function openRenewal(trx: Trx, orderId: string, newCertificateId: string, facts: HistoryFacts): Promise<void> {
  const { id } = await trx.selectFrom('renewal').select('id').where('order_id', '=', orderId).executeTakeFirstOrThrow()
  await transition(trx, {
    ...facts,
    certificateId: newCertificateId,
    subject: 'renewal',
    id,
    from: 'ordered',
    to: 'open',
    set: { new_certificate_id: newCertificateId },
  })
}

async function placeInLineage(trx: Trx, order: OrderView, id: string, accountId: string) {
  if (order.renewsCertificateId === null) return { name: id, lineageId: id, lineageIndex: 0 }
  const old = await trx
    .selectFrom('certificate')
    .select(['name', 'lineage_id', 'lineage_index'])
    .where('id', '=', order.renewsCertificateId)
    .executeTakeFirstOrThrow()
  // A revoked successor keeps its place, so the next one is not always right after the old one.
  const last = await trx
    .selectFrom('certificate')
    .select((builder) => builder.fn.max('lineage_index').as('index'))
    .where('account_id', '=', accountId)
    .where('lineage_id', '=', old.lineage_id)
    .executeTakeFirst()
  const lineageIndex = Number(last?.index ?? old.lineage_index) + 1
  const name = successorName(old.name, { oldIndex: old.lineage_index, index: lineageIndex, id })
  const taken = await findByName(trx, accountId, name)
  return { name: taken === null ? name : id, lineageId: old.lineage_id, lineageIndex }
}

/** `shop` → `shop-r1` → `shop-r2`; a name that is too long, or an id as a name, gives way to the new id. */
function successorName(
  name: string,
  { oldIndex, index, id }: { readonly oldIndex: number; readonly index: number; readonly id: string },
): string {
  const base = oldIndex > 0 && name.endsWith(`-r${oldIndex}`) ? name.slice(0, -`-r${oldIndex}`.length) : name
  const next = `${base}-r${index}`
  return base.startsWith('crt_') || next.length > 64 ? id : next
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
