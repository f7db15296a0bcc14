/**
 * Arithmetic on instants: epoch milliseconds in, epoch milliseconds out. No clock; time zones are in zoned-day.ts.
 *
 * @module
 */

export const MINUTE_MS = 60_000

export const HOUR_MS = 60 * MINUTE_MS

/** A day as the Baseline Requirements count it, 86,400 s, in milliseconds. Not a calendar day of a zone that changes its clocks. */
export const DAY_MS = 24 * HOUR_MS

const FEBRUARY = 1

/**
 * The same date and time of day (UTC, to the millisecond) `years` later, or earlier when negative.
 *
 * 29 February becomes 28 February in a year without one: a year paid for never reaches into March.
 * Therefore not strictly monotone: 28 February 23:00 and 29 February 01:00 swap their order.
 * @param years whole number
 */
export function addCalendarYears(instant: number, years: number): number {
  const date = new Date(instant)
  const day = date.getUTCDate()
  const target = new Date(instant)
  target.setUTCFullYear(date.getUTCFullYear() + years)
  if (target.getUTCDate() === day) return target.getTime()
  return new Date(target).setUTCMonth(FEBRUARY, 28)
}

/** Midnight UTC of the day of `instant`, as whole days since 1970-01-01: the difference of two is a number of calendar days. */
export function utcDayNumber(instant: number): number {
  return Math.floor(instant / DAY_MS)
}
