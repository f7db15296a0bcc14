/**
 * Counts by day as counts by month.
 *
 * @module
 */
import type { ExpiryCount } from '@evercert/contract'

export interface ExpiryMonth {
  /** Both in UTC, as the days of the counts are; `to` is the first moment after it. */
  readonly from: Date
  readonly to: Date
  readonly count: number
}

const MONTHS = 12

/** The present month and the eleven after it. */
export function expiryMonths(now: Date, counts: readonly ExpiryCount[]): ExpiryMonth[] {
  return Array.from({ length: MONTHS }, (_, index) => {
    const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index, 1))
    const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index + 1, 1))
    const month = from.toISOString().slice(0, 7)
    const count = counts.filter(({ on }) => on.startsWith(month)).reduce((sum, day) => sum + day.count, 0)
    return { from, to, count }
  })
}
