/**
 * Which promotion applies to a purchase, and what it takes off. At most one for each order.
 *
 * @module
 */

export type Reduction =
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'amount'; readonly amountMinor: number; readonly currency: string }

/** Instants are epoch milliseconds. */
export interface PromotionFacts {
  readonly reduction: Reduction
  /** Null: all. */
  readonly productIds: readonly string[] | null
  readonly termYears: readonly number[] | null
  readonly startsAt: number
  /** The first instant at which it no longer applies; null: until it is withdrawn. */
  readonly endsAt: number | null
  readonly maxUses: number | null
  readonly uses: number
}

export interface Purchase {
  readonly productId: string
  readonly termYears: number
  /** What it costs without a promotion. */
  readonly listMinor: number
  readonly currency: string
}

export type PromotionObstacle =
  'notStarted' | 'over' | 'usedUp' | 'otherProduct' | 'otherTerm' | 'otherCurrency' | 'nothingToTakeOff'

/** Why the promotion does not apply; null: it does. */
export function findPromotionObstacle(promotion: PromotionFacts, purchase: Purchase, now: number): PromotionObstacle | null {
  const { reduction, productIds, termYears } = promotion
  if (now < promotion.startsAt) return 'notStarted'
  if (promotion.endsAt !== null && now >= promotion.endsAt) return 'over'
  if (promotion.maxUses !== null && promotion.uses >= promotion.maxUses) return 'usedUp'
  if (productIds !== null && !productIds.includes(purchase.productId)) return 'otherProduct'
  if (termYears !== null && !termYears.includes(purchase.termYears)) return 'otherTerm'
  if (reduction.kind === 'amount' && reduction.currency !== purchase.currency) return 'otherCurrency'
  return discountOf(reduction, purchase.listMinor) === 0 ? 'nothingToTakeOff' : null
}

/** What is taken off, in minor units: a percentage is rounded down, an amount is never more than the price. */
export function discountOf(reduction: Reduction, listMinor: number): number {
  if (reduction.kind === 'amount') return Math.min(reduction.amountMinor, listMinor)
  // Prices times a hundred may be beyond what a number counts exactly.
  return Number((BigInt(listMinor) * BigInt(reduction.percent)) / 100n)
}

export interface Discount<Promotion extends PromotionFacts> {
  readonly promotion: Promotion
  readonly amountMinor: number
}

/** The one that takes the most off; of equal ones the first. Null when none applies. */
export function decideDiscount<Promotion extends PromotionFacts>(
  promotions: readonly Promotion[],
  purchase: Purchase,
  now: number,
): Discount<Promotion> | null {
  return promotions
    .filter((promotion) => findPromotionObstacle(promotion, purchase, now) === null)
    .map((promotion) => ({ promotion, amountMinor: discountOf(promotion.reduction, purchase.listMinor) }))
    .reduce<Discount<Promotion> | null>(
      (best, next) => (best === null || next.amountMinor > best.amountMinor ? next : best),
      null,
    )
}
