/**
 * Orders as they are stored and shown.
 *
 * @module
 */
import type { OrderView } from '@evercert/contract'
import { sql, type ExpressionBuilder, type Selectable } from 'kysely'
import type { Db } from '../db/connect.ts'
import type { OrderTable } from '../db/order-tables.ts'
import { SAME } from '../db/same-account.ts'
import type { Tables } from '../db/tables.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { PaymentState } from '../domain/payment/payment-machine.ts'
import { seenBy } from './access/narrowing.ts'
import { notFound, type Caller, type Services } from './context.ts'
import { orderStep, type OrderStepFacts } from './order-step.ts'

const ORDER_COLUMNS = [
  'order.id',
  'order.kind',
  'order.state',
  'order.product_id',
  'order.domain_type',
  'order.certificate_type',
  'order.grade',
  'order.brand',
  'order.domain_count',
  'order.term_years',
  'order.amount_minor',
  'order.currency',
  'order.discount_minor',
  'order.promotion_id',
  'order.promotion_title_en',
  'order.promotion_title_zh',
  'order.promotion_percent',
  'order.renews_certificate_id',
  'order.placed_at',
  'order.paid_at',
] as const

/** By a connection: the one that is open, else the newest. */
function latestPayment(builder: ExpressionBuilder<Tables, 'order'>) {
  return builder
    .selectFrom('payment')
    .leftJoinLateral(
      (inner) =>
        inner
          .selectFrom('payment_receipt')
          .select(['amount_minor as receipt_minor', 'currency as receipt_currency'])
          .whereRef('payment_receipt.payment_id', '=', 'payment.id')
          .orderBy('received_at', 'desc')
          .limit(1)
          .as('receipt'),
      (join) => join.onTrue(),
    )
    .select(['payment.state as payment_state', 'payment.problem as payment_problem', 'payment.expires_at'])
    .select(['receipt.receipt_minor', 'receipt.receipt_currency'])
    .select(sql<string | null>`payment.place ->> 'kind'`.as('place_kind'))
    .whereRef('payment.order_id', '=', 'order.id')
    .whereRef('payment.account_id', SAME, 'order.account_id')
    .where('payment.connection_id', 'is not', null)
    .orderBy(sql`payment.state = 'created'`, 'desc')
    .orderBy('payment.id', 'desc')
    .limit(1)
    .as('paying')
}

function orderQuery(db: Db | Trx, caller: Caller) {
  return db
    .selectFrom('order')
    .leftJoin('certificate', 'certificate.order_id', 'order.id')
    .leftJoinLateral(latestPayment, (join) => join.onTrue())
    .select([
      ...ORDER_COLUMNS,
      'certificate.id as certificate_id',
      'paying.payment_state',
      'paying.payment_problem',
      'paying.place_kind',
      'paying.expires_at',
      'paying.receipt_minor',
      'paying.receipt_currency',
    ])
    .where('order.account_id', '=', caller.accountId)
}

/** @throws AppError `notFound` */
export async function loadOrder(db: Db | Trx, caller: Caller, id: string): Promise<OrderView> {
  const row = await orderQuery(db, caller).where('order.id', '=', id).executeTakeFirst()
  if (row === undefined) throw notFound('order', id)
  return toOrderView(row)
}

const CURSOR = /^ord_[0-9a-z]{26}$/

/** Newest first; `cursor` is the last id of the page before. @throws AppError `invalid` for a cursor that this list did not give */
export async function listOrders(
  services: Services,
  caller: Caller,
  paging: { readonly cursor: string | undefined; readonly limit: number },
): Promise<{ items: OrderView[]; nextCursor: string | null }> {
  if (paging.cursor !== undefined && !CURSOR.test(paging.cursor)) {
    throw new AppError('invalid', 'Reading the cursor: it is not one of this list: take nextCursor as it came.')
  }
  let query = orderQuery(services.db, caller)
    .where((where) => where.or([seenBy(caller, 'order.renews_certificate_id'), seenBy(caller, 'certificate.id')]))
    .orderBy('order.id', 'desc')
    .limit(paging.limit + 1)
  if (paging.cursor !== undefined) query = query.where('order.id', '<', paging.cursor)
  const rows = await query.execute()
  const items = rows.slice(0, paging.limit).map((row) => toOrderView(row))
  return { items, nextCursor: rows.length > paging.limit ? (items.at(-1)?.id ?? null) : null }
}

type OrderRow = Pick<
  Selectable<OrderTable>,
  | 'id'
  | 'kind'
  | 'state'
  | 'product_id'
  | 'domain_type'
  | 'certificate_type'
  | 'grade'
  | 'brand'
  | 'domain_count'
  | 'term_years'
  | 'amount_minor'
  | 'currency'
  | 'discount_minor'
  | 'promotion_id'
  | 'promotion_title_en'
  | 'promotion_title_zh'
  | 'promotion_percent'
  | 'renews_certificate_id'
  | 'placed_at'
  | 'paid_at'
> & { readonly certificate_id: string | null } & PayingRow

/** Of {@link latestPayment}; all null when nobody began to pay by a connection. */
interface PayingRow {
  readonly payment_state: PaymentState | null
  readonly payment_problem: string | null
  readonly place_kind: string | null
  readonly expires_at: Date | null
  readonly receipt_minor: number | null
  readonly receipt_currency: string | null
}

export const NOTHING_BEGUN: PayingRow = {
  payment_state: null,
  payment_problem: null,
  place_kind: null,
  expires_at: null,
  receipt_minor: null,
  receipt_currency: null,
}

export function toOrderView(row: OrderRow): OrderView {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    productId: row.product_id,
    specification: { domainType: row.domain_type, certificateType: row.certificate_type, grade: row.grade, brand: row.brand },
    domainCount: row.domain_count,
    termYears: row.term_years,
    price: { amountMinor: row.amount_minor, currency: row.currency },
    listPrice: { amountMinor: row.amount_minor + row.discount_minor, currency: row.currency },
    discount: toDiscountView(row),
    renewsCertificateId: row.renews_certificate_id,
    certificateId: row.certificate_id,
    placedAt: row.placed_at.toISOString(),
    paidAt: row.paid_at?.toISOString() ?? null,
    nextStep: orderStep(toStepFacts(row)),
  }
}

function toStepFacts(row: OrderRow): OrderStepFacts {
  const { payment_state: state, receipt_minor: receivedMinor, receipt_currency: currency } = row
  return {
    state: row.state,
    kind: row.kind,
    price: { amountMinor: row.amount_minor, currency: row.currency },
    placedAt: row.placed_at.getTime(),
    payment:
      state === null
        ? null
        : {
            state,
            reason: row.payment_problem,
            isInvoice: row.place_kind === 'invoice',
            expiresAt: row.expires_at?.getTime() ?? null,
            lastReceipt: receivedMinor === null || currency === null ? null : { amountMinor: receivedMinor, currency },
          },
  }
}

function toDiscountView(row: OrderRow): OrderView['discount'] {
  if (row.promotion_id === null) return null
  return {
    promotionId: row.promotion_id,
    title: { en: row.promotion_title_en ?? '', zh: row.promotion_title_zh ?? '' },
    percent: row.promotion_percent,
    amount: { amountMinor: row.discount_minor, currency: row.currency },
  }
}
