import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decideDiscount,
  discountOf,
  findPromotionObstacle,
  type PromotionFacts,
  type Purchase,
} from '../../../src/domain/promotion/decide-discount.ts'

const NOW = 1_000_000

const aPromotion = (wish: Partial<PromotionFacts> = {}): PromotionFacts => ({
  reduction: { kind: 'percent', percent: 20 },
  productIds: null,
  termYears: null,
  startsAt: NOW - 10,
  endsAt: null,
  maxUses: null,
  uses: 0,
  ...wish,
})

const PURCHASE: Purchase = { productId: 'one', termYears: 1, listMinor: 10_000, currency: 'CNY' }

describe('findPromotionObstacle', () => {
  it.each([
    [null, aPromotion()],
    [null, aPromotion({ startsAt: NOW })],
    ['notStarted', aPromotion({ startsAt: NOW + 1 })],
    [null, aPromotion({ endsAt: NOW + 1 })],
    ['over', aPromotion({ endsAt: NOW })],
    [null, aPromotion({ maxUses: 3, uses: 2 })],
    ['usedUp', aPromotion({ maxUses: 3, uses: 3 })],
    [null, aPromotion({ productIds: ['two', 'one'] })],
    ['otherProduct', aPromotion({ productIds: ['two'] })],
    [null, aPromotion({ termYears: [1, 3] })],
    ['otherTerm', aPromotion({ termYears: [2, 3] })],
    [null, aPromotion({ reduction: { kind: 'amount', amountMinor: 1, currency: 'CNY' } })],
    ['otherCurrency', aPromotion({ reduction: { kind: 'amount', amountMinor: 1, currency: 'USD' } })],
  ])('%s: %j', (obstacle, promotion) => {
    expect(findPromotionObstacle(promotion, PURCHASE, NOW)).toBe(obstacle)
  })

  it('finds nothing to take off from what is free, or costs less than a percent can be told of', () => {
    expect(findPromotionObstacle(aPromotion(), { ...PURCHASE, listMinor: 0 }, NOW)).toBe('nothingToTakeOff')
    expect(findPromotionObstacle(aPromotion(), { ...PURCHASE, listMinor: 4 }, NOW)).toBe('nothingToTakeOff')
  })
})

describe('discountOf', () => {
  it('rounds down, and is never below zero or above the price', () => {
    expect(discountOf({ kind: 'percent', percent: 33 }, 9_999)).toBe(3_299)
    expect(discountOf({ kind: 'percent', percent: 100 }, Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER)
    expect(discountOf({ kind: 'percent', percent: 99 }, Number.MAX_SAFE_INTEGER)).toBe(8_917_127_262_193_581)
    const reduction = fc.oneof(
      fc.record({ kind: fc.constant('percent' as const), percent: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ kind: fc.constant('amount' as const), amountMinor: fc.maxSafeNat(), currency: fc.constant('CNY') }),
    )
    fc.assert(
      fc.property(reduction, fc.maxSafeNat(), (each, listMinor) => {
        const off = discountOf(each, listMinor)
        expect(Number.isSafeInteger(off) && off >= 0 && off <= listMinor).toBe(true)
      }),
    )
  })
})

describe('decideDiscount', () => {
  it('takes the one that takes the most off, and of equal ones the first', () => {
    const [first, second] = [aPromotion(), aPromotion()]
    const amount = aPromotion({ reduction: { kind: 'amount', amountMinor: 2_500, currency: 'CNY' } })
    expect(decideDiscount([first, second], PURCHASE, NOW)?.promotion).toBe(first)
    expect(decideDiscount([first, amount, second], PURCHASE, NOW)).toEqual({ promotion: amount, amountMinor: 2_500 })
    expect(decideDiscount([{ ...amount, endsAt: NOW }, second], PURCHASE, NOW)?.promotion).toBe(second)
    expect(decideDiscount([], PURCHASE, NOW)).toBeNull()
  })
})
