/**
 * Quotes and orders: the renewal rules at the counter, and the reservation that keeps an old certificate to one live renewal.
 *
 * @module
 */
import type { OrderRequest, OrderView, QuoteView } from '@evercert/contract'
import { sql } from 'kysely'
import type { CertificateRecord } from '../db/certificates.ts'
import { requireTrue, violatedIndex, writeLater } from '../db/later.ts'
import { isNotEnded } from '../db/not-ended.ts'
import { successorUpload } from '../db/successor-upload.ts'
import { insertWithHistory, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { comparisonText } from './comparison-text.ts'
import { newId, type Caller, type Services } from './context.ts'
import { draftOrder, knownOf, type OrderDraft } from './draft-order.ts'
import { findNotCarriedOver } from './not-carried-over.ts'
import { topUpOf } from './order-offer.ts'
import { takePromotionUse, type Promotion } from './promotions.ts'
import { NOTHING_BEGUN, toOrderView } from './read-orders.ts'
import { lockToRenew } from './renewal-locks.ts'
import { timingText } from './texts.ts'

/** Price, top-up and losses; buys nothing. @throws AppError the renewal's first reason, `notFound`, `invalid` */
export async function createQuote(services: Services, caller: Caller, request: OrderRequest): Promise<QuoteView> {
  const draft = await draftOrder(services, services.db, caller, { request })
  return {
    kind: draft.old === null ? 'new' : 'renewal',
    productId: draft.product.id,
    specification: { ...draft.product.specification },
    domainCount: draft.domainCount,
    termYears: draft.termYears,
    ...priceView(draft),
    currencies: [...draft.currencies],
    sameSpecification: draft.comparison.same,
    changed: [...draft.comparison.changed],
    ...comparisonOf(draft),
    notCarriedOver: await findNotCarriedOver(services.db, draft.old),
    topUp: topUpOf(draft, services.now()),
    estimate: timingText(draft.product.specification.certificateType),
  }
}

/** What the list says, what is taken off and why, and what remains. */
function priceView({ amountMinor, currency, discount }: OrderDraft): Pick<QuoteView, 'price' | 'listPrice' | 'discount'> {
  const offMinor = discount?.amountMinor ?? 0
  return {
    price: { amountMinor, currency },
    listPrice: { amountMinor: amountMinor + offMinor, currency },
    discount:
      discount === null
        ? null
        : {
            promotionId: discount.promotion.id,
            title: { ...discount.promotion.title },
            percent: percentOf(discount.promotion),
            amount: { amountMinor: offMinor, currency },
          },
  }
}

function percentOf({ reduction }: Promotion): number | null {
  return reduction.kind === 'percent' ? reduction.percent : null
}

/** FD §3.6: whether the four attributes match is said, and what a mismatch means. */
function comparisonOf({ old, product, comparison }: OrderDraft): Pick<QuoteView, 'unknown' | 'comparison'> {
  if (old === null) return { unknown: [], comparison: null }
  const facts = { origin: old.facts.origin, comparison, old: knownOf(old), product: product.specification }
  return { unknown: [...comparison.unknown], comparison: comparisonText(facts) }
}

/** What {@link placeOrder} places. @throws AppError what `draftOrder` throws, and `conflict` when the price is not the one that was quoted */
export async function draftQuoted(services: Services, caller: Caller, request: OrderRequest): Promise<OrderDraft> {
  const draft = await draftOrder(services, services.db, caller, { request })
  refuseOtherPrice(draft, request)
  return draft
}

/**
 * Places an order; for a renewal, reserves the old certificate, which the database holds to one live renewal.
 *
 * @param draft of moments ago
 * @throws AppError `conflict`, stale, when the old certificate is not as it was read, or the promotion is used up: draft it again
 */
export async function placeOrder(services: Services, trx: Trx, caller: Caller, draft: OrderDraft): Promise<OrderView> {
  const now = services.now()
  const { product, old } = draft
  if (old !== null) {
    await lockToRenew(trx, caller.accountId, old.id)
    await requireAsRead(services, trx, old)
  }
  const orderId = newId(services, 'ord')
  const row = {
    id: orderId,
    account_id: caller.accountId,
    kind: old === null ? ('new' as const) : ('renewal' as const),
    state: 'placed' as const,
    product_id: product.id,
    domain_type: product.specification.domainType,
    certificate_type: product.specification.certificateType,
    grade: product.specification.grade,
    brand: product.specification.brand,
    domain_count: draft.domainCount,
    term_years: draft.termYears,
    amount_minor: draft.amountMinor,
    currency: draft.currency,
    ...discountColumns(draft),
    same_specification: draft.comparison.same,
    renews_certificate_id: old?.id ?? null,
    placed_at: new Date(now),
    paid_at: null,
  }
  await insertWithHistory(trx, trx.insertInto('order').values(row).returning('id'), {
    accountId: caller.accountId,
    certificateId: old?.id ?? null,
    subject: 'order',
    subjectId: orderId,
    toState: row.state,
    actor: caller.actor,
    now,
  })
  if (old !== null) await reserveRenewal(services, trx, { caller, old, orderId })
  if (draft.discount !== null) await takePromotionUse(trx, draft.discount.promotion)
  return toOrderView({ ...row, certificate_id: null, ...NOTHING_BEGUN })
}

const NO_DISCOUNT = {
  discount_minor: 0,
  promotion_id: null,
  promotion_title_en: null,
  promotion_title_zh: null,
  promotion_percent: null,
}

/** As it is now: what becomes of the promotion later does not change the order. */
function discountColumns({ discount }: OrderDraft) {
  if (discount === null) return NO_DISCOUNT
  const { promotion, amountMinor } = discount
  return {
    discount_minor: amountMinor,
    promotion_id: promotion.id,
    promotion_title_en: promotion.title.en,
    promotion_title_zh: promotion.title.zh,
    promotion_percent: percentOf(promotion),
  }
}

/** A price that changed since the quote is shown before it is paid. */
function refuseOtherPrice(draft: OrderDraft, request: OrderRequest): void {
  // In another currency the number would mean nothing: the quote's goes with it.
  if (request.expectedAmountMinor === undefined || request.expectedAmountMinor === draft.amountMinor) return
  throw new AppError('conflict', `Ordering ${draft.product.id}: the price changed since it was quoted: ask for a quote again.`, {
    facts: { amountMinor: draft.amountMinor, currency: draft.currency },
  })
}

/** Under its locks, so that it stays so until the order is there, and has not expired while they were waited for. What makes it renewable or not. */
async function requireAsRead(services: Services, trx: Trx, old: CertificateRecord): Promise<void> {
  const isOver = old.issuance !== null && old.issuance.notAfter <= services.now()
  const isAsRead = sql<boolean>`(select count(*) = 1 and not ${isOver}::boolean from certificate
    where id = ${old.id} and account_id = ${old.accountId} and issuance_id = ${old.issuance?.id ?? null}
      and ${isNotEnded('certificate')} and ${successorUpload('certificate.id')} is null)`
  await requireTrue(trx, isAsRead, () => changedMeanwhile(old))
}

/** Of two orders at once, the index `renewal_live` refuses the second. */
async function reserveRenewal(
  services: Services,
  trx: Trx,
  { caller, old, orderId }: { readonly caller: Caller; readonly old: CertificateRecord; readonly orderId: string },
): Promise<void> {
  const reserved = trx.insertInto('renewal').values({
    id: newId(services, 'rnw'),
    account_id: caller.accountId,
    old_certificate_id: old.id,
    new_certificate_id: null,
    order_id: orderId,
    state: 'ordered',
    created_at: new Date(services.now()),
    closed_at: null,
  })
  await writeLater(trx, reserved, (error) => (violatedIndex(error) === null ? error : changedMeanwhile(old)))
}

/** Read again, it says what is in the way. */
function changedMeanwhile({ id }: CertificateRecord): AppError {
  return new AppError('conflict', `Ordering a renewal of ${id}: the certificate changed meanwhile: ask again.`, { stale: true })
}
