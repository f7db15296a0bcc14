/**
 * Promotions of the catalogue. A use is counted by compare-and-set in the transaction that places an order, after everything else that it locks,
 * and given back in the one that ends the order unpaid.
 *
 * @module
 */
import type { Bilingual, PromotionView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import { changeOne } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { requireCurrency } from '../domain/payment/money.ts'
import {
  decideDiscount,
  findPromotionObstacle,
  type Discount,
  type PromotionFacts,
  type PromotionObstacle,
  type Purchase,
} from '../domain/promotion/decide-discount.ts'
import { newId, notFound, type Services } from './context.ts'

export interface Promotion extends PromotionFacts {
  readonly id: string
  readonly title: Bilingual
  readonly code: string | null
  readonly withdrawnAt: number | null
}

export interface NewPromotion {
  readonly title: Bilingual
  readonly code: string | null
  readonly off: PromotionView['off']
  readonly productIds: readonly string[] | null
  readonly termYears: readonly number[] | null
  readonly startsAt?: string | undefined
  readonly endsAt: string | null
  readonly maxUses: number | null
}

/** @throws AppError `duplicateName` (code), `notFound` (product), `invalid` (an end before the start) */
export async function createPromotion(services: Services, wish: NewPromotion): Promise<PromotionView> {
  const { off } = wish
  if (off.kind === 'amount') requireCurrency(off.amount.currency, 'Adding a promotion')
  const now = services.now()
  const startsAt = wish.startsAt === undefined ? now : Date.parse(wish.startsAt)
  const endsAt = wish.endsAt === null ? null : Date.parse(wish.endsAt)
  refuseEndBeforeStart(startsAt, endsAt)
  const id = newId(services, 'prm')
  return services.db.transaction().execute(async (trx) => {
    for (const productId of wish.productIds ?? []) {
      const product = await trx.selectFrom('product').select('id').where('id', '=', productId).executeTakeFirst()
      if (product === undefined) throw notFound('product', productId)
    }
    const result = await trx
      .insertInto('promotion')
      .values({
        id,
        title_en: wish.title.en,
        title_zh: wish.title.zh,
        code: wish.code,
        percent: off.kind === 'percent' ? off.percent : null,
        amount_minor: off.kind === 'amount' ? off.amount.amountMinor : null,
        currency: off.kind === 'amount' ? off.amount.currency : null,
        product_ids: wish.productIds === null ? null : [...wish.productIds],
        term_years: wish.termYears === null ? null : [...wish.termYears],
        starts_at: new Date(startsAt),
        ends_at: endsAt === null ? null : new Date(endsAt),
        max_uses: wish.maxUses,
        withdrawn_at: null,
        created_at: new Date(now),
      })
      .onConflict((conflict) => conflict.column('code').where('withdrawn_at', 'is', null).doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n)
      throw new AppError('duplicateName', `Adding a promotion: another one has the code ${wish.code ?? ''}: choose another.`, {
        facts: { field: 'code' },
      })
    return toPromotionView(await loadPromotion(trx, id), now)
  })
}

function refuseEndBeforeStart(startsAt: number, endsAt: number | null): void {
  if (endsAt === null || endsAt > startsAt) return
  throw new AppError('invalid', 'Reading a promotion: it ends before it starts: give a later end.', {
    facts: { field: 'endsAt' },
  })
}

export interface PromotionChange {
  readonly title?: Bilingual | undefined
  readonly endsAt?: string | null | undefined
  readonly maxUses?: number | null | undefined
}

/** @throws AppError `notFound`, `conflict` (withdrawn), `invalid` (an end before the start, fewer uses than there were) */
export async function updatePromotion(services: Services, id: string, change: PromotionChange): Promise<PromotionView> {
  const { title, endsAt, maxUses } = change
  return services.db.transaction().execute(async (trx) => {
    const promotion = await lockPromotion(trx, id)
    if (promotion.withdrawnAt !== null)
      throw new AppError('conflict', `Changing promotion ${id}: it is withdrawn: add a new one.`)
    if (endsAt !== undefined) refuseEndBeforeStart(promotion.startsAt, endsAt === null ? null : Date.parse(endsAt))
    if (maxUses !== undefined && maxUses !== null && maxUses < promotion.uses)
      throw new AppError(
        'invalid',
        `Changing promotion ${id}: it was used ${promotion.uses} times: allow at least as many uses, or withdraw it.`,
        { facts: { field: 'maxUses', uses: promotion.uses } },
      )
    await trx
      .updateTable('promotion')
      .set({
        id,
        ...(title !== undefined && { title_en: title.en, title_zh: title.zh }),
        ...(endsAt !== undefined && { ends_at: endsAt === null ? null : new Date(endsAt) }),
        ...(maxUses !== undefined && { max_uses: maxUses }),
      })
      .where('id', '=', id)
      .execute()
    return toPromotionView(await loadPromotion(trx, id), services.now())
  })
}

/** Orders that are placed keep what was taken off. Idempotent. @throws AppError `notFound` */
export async function withdrawPromotion(services: Services, id: string): Promise<PromotionView> {
  const now = services.now()
  return services.db.transaction().execute(async (trx) => {
    await lockPromotion(trx, id)
    await trx
      .updateTable('promotion')
      .set({ withdrawn_at: new Date(now) })
      .where('id', '=', id)
      .where('withdrawn_at', 'is', null)
      .execute()
    return toPromotionView(await loadPromotion(trx, id), now)
  })
}

/** Newest first. */
export async function listPromotions(services: Services): Promise<PromotionView[]> {
  const rows = await promotionQuery(services.db).orderBy('id', 'desc').execute()
  return rows.map((row) => toPromotionView(toPromotion(row), services.now()))
}

/**
 * What a purchase is reduced by: of the promotions that apply by themselves and the one of the code, the one that takes the most off.
 *
 * @param code as entered, or null
 * @throws AppError `promotionNotApplicable` when the code's promotion does not apply, with the reason
 */
export async function findDiscount(
  db: Db | Trx,
  { code, purchase, now }: { readonly code: string | null; readonly purchase: Purchase; readonly now: number },
): Promise<Discount<Promotion> | null> {
  const byCode = code === null ? [] : [await loadByCode(db, { code, purchase, now })]
  const rows = await promotionQuery(db)
    .where('code', 'is', null)
    .where('withdrawn_at', 'is', null)
    .where('starts_at', '<=', new Date(now))
    .where((builder) => builder.or([builder('ends_at', 'is', null), builder('ends_at', '>', new Date(now))]))
    .orderBy('id')
    .execute()
  return decideDiscount([...byCode, ...rows.map((row) => toPromotion(row))], purchase, now)
}

const OBSTACLE_TEXTS: Readonly<Record<PromotionObstacle | 'unknown', string>> = {
  unknown: 'there is no promotion with this code',
  notStarted: 'its promotion has not started yet',
  over: 'its promotion is over',
  usedUp: 'its promotion is used up',
  otherProduct: 'its promotion is for other products',
  otherTerm: 'its promotion is for other terms',
  otherCurrency: 'its promotion is for orders in another currency',
  nothingToTakeOff: 'there is nothing to take off from this price',
}

async function loadByCode(
  db: Db | Trx,
  { code, purchase, now }: { readonly code: string; readonly purchase: Purchase; readonly now: number },
): Promise<Promotion> {
  const wanted = code.trim().toUpperCase()
  const row = await promotionQuery(db).where('code', '=', wanted).where('withdrawn_at', 'is', null).executeTakeFirst()
  const promotion = row === undefined ? null : toPromotion(row)
  const reason = promotion === null ? 'unknown' : findPromotionObstacle(promotion, purchase, now)
  if (promotion !== null && reason === null) return promotion
  throw notApplicable(`Using the code ${wanted}`, reason ?? 'unknown')
}

function notApplicable(attempt: string, reason: PromotionObstacle | 'unknown'): AppError {
  const detail = `${attempt}: ${OBSTACLE_TEXTS[reason]}: order without it, or with another.`
  return new AppError('promotionNotApplicable', detail, { facts: { reason } })
}

/**
 * The last lock that placing an order takes.
 *
 * @throws AppError `conflict`, stale, as `writeLater` says, when somebody else had the last use meanwhile: drafted anew, the order has another
 *   price, or says that its code is of no use
 */
export async function takePromotionUse(trx: Trx, { id }: Promotion): Promise<void> {
  const use = trx
    .updateTable('promotion')
    .set((builder) => ({ uses: builder('uses', '+', 1) }))
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .where((builder) => builder.or([builder('max_uses', 'is', null), builder('uses', '<', builder.ref('max_uses'))]))
    .returning('id')
  await changeOne(trx, use, () => {
    const detail = `Using promotion ${id}: it was withdrawn, or somebody else had its last use, meanwhile: ask again.`
    return new AppError('conflict', detail, { stale: true })
  })
}

/** In the transaction that ends an order unpaid, which happens once. */
export async function returnPromotionUse(trx: Trx, orderId: string): Promise<void> {
  await trx
    .updateTable('promotion')
    .set((builder) => ({ uses: builder('uses', '-', 1) }))
    .where('id', '=', (builder) => builder.selectFrom('order').select('promotion_id').where('id', '=', orderId))
    .execute()
}

function promotionQuery(db: Db | Trx) {
  return db
    .selectFrom('promotion')
    .select(['id', 'title_en', 'title_zh', 'code', 'percent', 'amount_minor', 'currency', 'product_ids', 'term_years'])
    .select(['starts_at', 'ends_at', 'max_uses', 'uses', 'withdrawn_at'])
}

type PromotionRow = Awaited<ReturnType<ReturnType<typeof promotionQuery>['executeTakeFirstOrThrow']>>

function toPromotion(row: PromotionRow): Promotion {
  const { percent, amount_minor: amountMinor, currency } = row
  return {
    id: row.id,
    title: { en: row.title_en, zh: row.title_zh },
    code: row.code,
    reduction:
      percent === null
        ? { kind: 'amount', amountMinor: amountMinor ?? 0, currency: currency ?? '' }
        : { kind: 'percent', percent },
    productIds: row.product_ids,
    termYears: row.term_years,
    startsAt: row.starts_at.getTime(),
    endsAt: row.ends_at?.getTime() ?? null,
    maxUses: row.max_uses,
    uses: row.uses,
    withdrawnAt: row.withdrawn_at?.getTime() ?? null,
  }
}

async function loadPromotion(db: Db | Trx, id: string): Promise<Promotion> {
  const row = await promotionQuery(db).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw notFound('promotion', id)
  return toPromotion(row)
}

async function lockPromotion(trx: Trx, id: string): Promise<Promotion> {
  const row = await promotionQuery(trx).where('id', '=', id).forUpdate().executeTakeFirst()
  if (row === undefined) throw notFound('promotion', id)
  return toPromotion(row)
}

function toPromotionView(promotion: Promotion, now: number): PromotionView {
  const { reduction } = promotion
  return {
    id: promotion.id,
    title: { ...promotion.title },
    code: promotion.code,
    off:
      reduction.kind === 'percent'
        ? { kind: 'percent', percent: reduction.percent }
        : { kind: 'amount', amount: { amountMinor: reduction.amountMinor, currency: reduction.currency } },
    productIds: promotion.productIds === null ? null : [...promotion.productIds],
    termYears: promotion.termYears === null ? null : [...promotion.termYears],
    startsAt: new Date(promotion.startsAt).toISOString(),
    endsAt: promotion.endsAt === null ? null : new Date(promotion.endsAt).toISOString(),
    maxUses: promotion.maxUses,
    uses: promotion.uses,
    state: stateOf(promotion, now),
  }
}

function stateOf({ withdrawnAt, startsAt, endsAt, maxUses, uses }: Promotion, now: number): PromotionView['state'] {
  if (withdrawnAt !== null) return 'withdrawn'
  if (now < startsAt) return 'upcoming'
  if (endsAt !== null && now >= endsAt) return 'over'
  return maxUses !== null && uses >= maxUses ? 'usedUp' : 'running'
}
