/**
 * What an operator changes of a product at run time. Its specification and issuer stay: certificates were sold by them. Orders keep the price
 * that they were placed at.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'
import type { Trx } from '../db/transition.ts'
import { checkPrices, loadProduct, toPriceRow, toProductView } from './catalogue.ts'
import { notFound, type Services } from './context.ts'

export interface ProductChange {
  readonly title?: ProductView['title'] | undefined
  /** All prices anew, of each term the default currency first: what is left out is not sold any more. */
  readonly prices?: ProductView['prices'] | undefined
}

/** @throws AppError `notFound`, `invalid` (prices) */
export async function updateProduct(services: Services, id: string, { title, prices }: ProductChange): Promise<ProductView> {
  if (prices !== undefined) checkPrices({ id, prices })
  return services.db.transaction().execute(async (trx) => {
    await lockProduct(trx, id)
    if (title !== undefined) {
      await trx.updateTable('product').set({ title_en: title.en, title_zh: title.zh }).where('id', '=', id).execute()
    }
    if (prices !== undefined) {
      await trx.deleteFrom('product_price').where('product_id', '=', id).execute()
      await trx
        .insertInto('product_price')
        .values(prices.map((price, rank) => toPriceRow(id, price, rank)))
        .execute()
    }
    return toProductView(await loadProduct(trx, id))
  })
}

/** Orders that are placed can still be paid, and what was sold is reissued as before. Idempotent. @throws AppError `notFound` */
export function retireProduct(services: Services, id: string): Promise<ProductView> {
  return setRetiredAt(services, id, new Date(services.now()))
}

/** Idempotent. @throws AppError `notFound` */
export function restoreProduct(services: Services, id: string): Promise<ProductView> {
  return setRetiredAt(services, id, null)
}

function setRetiredAt(services: Services, id: string, retiredAt: Date | null): Promise<ProductView> {
  return services.db.transaction().execute(async (trx) => {
    await lockProduct(trx, id)
    let change = trx.updateTable('product').set({ retired_at: retiredAt }).where('id', '=', id)
    if (retiredAt !== null) change = change.where('retired_at', 'is', null) // the first time counts
    await change.execute()
    return toProductView(await loadProduct(trx, id))
  })
}

async function lockProduct(trx: Trx, id: string): Promise<void> {
  const row = await trx.selectFrom('product').select('id').where('id', '=', id).forUpdate().executeTakeFirst()
  if (row === undefined) throw notFound('product', id)
}
