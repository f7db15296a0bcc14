/**
 * What many prices come to, and whether the balance is enough.
 *
 * @module
 */
import type { MoneyView } from '@evercert/contract'

/** One sum for each currency. */
export function sumUp(prices: readonly MoneyView[]): MoneyView[] {
  const sums = new Map<string, number>()
  for (const { amountMinor, currency } of prices) sums.set(currency, (sums.get(currency) ?? 0) + amountMinor)
  return [...sums].map(([currency, amountMinor]) => ({ amountMinor, currency }))
}

/** What the balance lacks for the sums; empty: it is enough. */
export function lacking(sums: readonly MoneyView[], balances: readonly MoneyView[]): MoneyView[] {
  return sums
    .map(({ amountMinor, currency }) => {
      const there = balances.find((balance) => balance.currency === currency)?.amountMinor ?? 0
      return { amountMinor: amountMinor - there, currency }
    })
    .filter(({ amountMinor }) => amountMinor > 0)
}
