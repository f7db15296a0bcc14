/**
 * Payments as they are stored and shown.
 *
 * @module
 */
import type { PaymentView } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { notFound, type Caller, type Services } from '../context.ts'

const COLUMNS = [
  'id',
  'account_id',
  'order_id',
  'connection_id',
  'external_id',
  'state',
  'amount_minor',
  'currency',
  'received_minor',
  'place',
  'problem',
  'polls',
  'expires_at',
  'created_at',
] as const

export function paymentQuery(db: Db | Trx) {
  return db.selectFrom('payment').select(COLUMNS)
}

export type PaymentRow = Awaited<ReturnType<ReturnType<typeof paymentQuery>['executeTakeFirstOrThrow']>>

/** @throws AppError `notFound` */
export async function loadPayment(db: Db | Trx, accountId: string, id: string): Promise<PaymentRow> {
  const row = await paymentQuery(db).where('account_id', '=', accountId).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw notFound('payment', id)
  return row
}

export function toPaymentView(row: PaymentRow): PaymentView {
  const { currency } = row
  return {
    id: row.id,
    orderId: row.order_id,
    method: row.connection_id ?? 'balance',
    state: row.state,
    amount: { amountMinor: row.amount_minor, currency },
    // From the balance nothing comes in.
    received: { amountMinor: row.received_minor, currency },
    place: row.place,
    problem: row.problem,
    expiresAt: row.expires_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  }
}

const CURSOR = /^pay_[0-9a-z]{26}$/

/** Newest first; `cursor` is the last id of the page before. @throws AppError `invalid` for a cursor that this list did not give */
export async function listPayments(
  services: Services,
  caller: Caller,
  wish: { readonly orderId?: string | undefined; readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: PaymentView[]; nextCursor: string | null }> {
  const { orderId, cursor, limit } = wish
  if (cursor !== undefined && !CURSOR.test(cursor)) {
    throw new AppError('invalid', 'Reading the cursor: it is not one of this list: take nextCursor as it came.')
  }
  let query = paymentQuery(services.db)
    .where('account_id', '=', caller.accountId)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (orderId !== undefined) query = query.where('order_id', '=', orderId)
  if (cursor !== undefined) query = query.where('id', '<', cursor)
  const rows = await query.execute()
  const items = rows.slice(0, limit).map((row) => toPaymentView(row))
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
}
