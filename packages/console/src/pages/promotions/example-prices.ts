/**
 * What a promotion makes of the prices that there are: the same arithmetic as the service's, to show before it counts.
 *
 * @module
 */
import type { MoneyView, ProductView, PromotionView } from '@evercert/contract'
import { isSold } from '../../components/is-sold.ts'

export type Off = PromotionView['off']

export interface Reach {
  readonly off: Off
  /** Null: all. */
  readonly productIds: readonly string[] | null
  readonly termYears: readonly number[] | null
}

export interface ExamplePrice {
  readonly product: Pick<ProductView, 'id' | 'title'>
  readonly termYears: number
  readonly before: MoneyView
  readonly after: MoneyView
}

/** Prices of products that are sold, from which it takes something off; at most `count`, of different products first. */
export function examplePrices(
  products: readonly Pick<ProductView, 'id' | 'title' | 'retiredAt' | 'issuerRetiredAt' | 'prices'>[],
  { off, productIds, termYears }: Reach,
  count: number,
): ExamplePrice[] {
  const ofProducts = products
    .filter((product) => isSold(product) && (productIds === null || productIds.includes(product.id)))
    .map((product) =>
      product.prices
        .filter((price) => termYears === null || termYears.includes(price.termYears))
        .map(({ termYears: years, base }) => ({ product, termYears: years, before: base, after: reduce(base, off) }))
        .filter(({ before, after }) => after.amountMinor < before.amountMinor),
    )
  const firsts = ofProducts.flatMap((prices) => prices.slice(0, 1))
  const others = ofProducts.flatMap((prices) => prices.slice(1))
  return [...firsts, ...others].slice(0, count)
}

/** A percentage is rounded down, an amount is never more than the price and holds in its own currency alone. */
function reduce({ amountMinor, currency }: MoneyView, off: Off): MoneyView {
  if (off.kind === 'percent') {
    // Prices times a hundred may be beyond what a number counts exactly.
    return { amountMinor: amountMinor - Number((BigInt(amountMinor) * BigInt(off.percent)) / 100n), currency }
  }
  const isSame = off.amount.currency === currency
  return { amountMinor: isSame ? Math.max(0, amountMinor - off.amount.amountMinor) : amountMinor, currency }
}
