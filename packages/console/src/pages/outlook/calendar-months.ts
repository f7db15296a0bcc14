/**
 * Counts by day as months of weeks.
 *
 * @module
 */
import type { ExpiryCount } from '@evercert/contract'

export interface CalendarDay {
  /** `YYYY-MM-DD`, UTC. */
  readonly on: string
  readonly count: number
}

export interface CalendarMonth {
  /** `YYYY-MM`. */
  readonly month: string
  /** From Monday to Sunday; null is a day of another month. */
  readonly weeks: readonly (readonly (CalendarDay | null)[])[]
  readonly count: number
}

const MONTHS = 12
const DAY_MS = 86_400_000
const LEVELS = 4

/** The present month and the eleven after it. */
export function calendarMonths(now: Date, counts: readonly ExpiryCount[]): CalendarMonth[] {
  const known = new Map(counts.map(({ on, count }) => [on, count]))
  return Array.from({ length: MONTHS }, (_, index) => {
    const first = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index, 1)
    const end = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index + 1, 1)
    const days = Array.from({ length: (end - first) / DAY_MS }, (_day, offset): CalendarDay => {
      const on = new Date(first + offset * DAY_MS).toISOString().slice(0, 10)
      return { on, count: known.get(on) ?? 0 }
    })
    const before = (new Date(first).getUTCDay() + 6) % 7
    const places = [...Array.from({ length: before }, () => null), ...days]
    const weeks = Array.from({ length: Math.ceil(places.length / 7) }, (_week, week) => places.slice(week * 7, week * 7 + 7))
    return { month: new Date(first).toISOString().slice(0, 7), weeks, count: days.reduce((sum, day) => sum + day.count, 0) }
  })
}

/** The largest count of each level, in steps that grow: one day with a thousand leaves days with few told apart. */
export function levelsTo(most: number): number[] {
  if (most <= LEVELS) return Array.from({ length: most }, (_, index) => index + 1)
  const limits = [1, 2, 3, 4].map((level) => Math.round(most ** (level / LEVELS)))
  return [...new Set(limits)]
}

/** 0 for none, then 1 upwards. */
export function levelOf(count: number, limits: readonly number[]): number {
  return count === 0 ? 0 : limits.findIndex((limit) => count <= limit) + 1
}
