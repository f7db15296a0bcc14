/**
 * Business days: weekends, holidays, and weekend days that are worked in exchange. Days are counted as whole days since 1970-01-01 in
 * the calendar's zone.
 *
 * @module
 */
import { DAY_MS } from '../time.ts'
import { startOfZonedDay, zonedDayNumber } from '../zoned-day.ts'
import { CHINA_ANNOUNCED, CHINA_FIXED_DAYS_OFF } from './china.ts'

export type BusinessCalendar = {
  readonly timeZone: string
  /** `china`: with the announced days off and adjusted working days; `weekends`: Saturdays and Sundays alone. */
  readonly region: 'china' | 'weekends'
  /** Further days off, `YYYY-MM-DD`: they win over everything else. */
  readonly holidays: readonly string[]
  /** Further weekend days or holidays of the region that are worked, `YYYY-MM-DD`. */
  readonly workingDays: readonly string[]
}

export const DEFAULT_CALENDAR: BusinessCalendar = {
  timeZone: 'Asia/Shanghai',
  region: 'china',
  holidays: [],
  workingDays: [],
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
/** 1970-01-01 was a Thursday; Saturday and Sunday are days 2 and 3 after it. */
const WEEKEND = new Set([2, 3])
/** Longer than any row of days off: beyond it a calendar has no business days at all. */
const MAX_DAYS_SEARCHED = 3660

/** Whole days since 1970-01-01; null for what is no date of the calendar. */
export function parseDay(date: string): number | null {
  const match = DATE.exec(date)
  if (match === null) return null
  const instant = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  return new Date(instant).toISOString().slice(0, 10) === date ? instant / DAY_MS : null
}

export function isBusinessDay(day: number, calendar: BusinessCalendar): boolean {
  const date = dateOf(day)
  if (calendar.holidays.includes(date)) return false
  if (calendar.workingDays.includes(date)) return true
  if (calendar.region === 'china') {
    const { off, worked } = chinaDaysOf(Number(date.slice(0, 4)))
    if (off.has(date)) return false
    if (worked.has(date)) return true
  }
  return !WEEKEND.has(((day % 7) + 7) % 7)
}

/**
 * The same time of day so many business days later. What comes on a day off counts as coming at the start of the next business day.
 * Later instants never give an earlier end, and the end is always on a business day.
 *
 * @param instant epoch milliseconds
 * @param count whole number, 0 or more
 * @throws RangeError when the calendar has no business days
 */
export function addBusinessDays(instant: number, count: number, calendar: BusinessCalendar): number {
  const { timeZone } = calendar
  const day = zonedDayNumber(instant, timeZone)
  const first = nextBusinessDay(day, calendar)
  const timeOfDayMs = first === day ? instant - startOfZonedDay(day, timeZone) : 0
  let target = first
  for (let left = count; left > 0; left -= 1) target = nextBusinessDay(target + 1, calendar)
  // A day on which the clocks go forward is an hour shorter: its end is the latest that is still it.
  const start = startOfZonedDay(target, timeZone)
  return Math.max(start, Math.min(start + timeOfDayMs, startOfZonedDay(target + 1, timeZone) - 1))
}

/**
 * Whether the days off of every year between the two instants are known. A year that is not announced yet has its weekends and fixed
 * holidays only, and an estimate over it may be too early.
 */
export function isCalendarKnown(from: number, to: number, calendar: BusinessCalendar): boolean {
  if (calendar.region !== 'china') return true
  const [first, last] = [from, to].map((instant) => yearOf(zonedDayNumber(instant, calendar.timeZone)))
  for (let year = first ?? 0; year <= (last ?? 0); year += 1) if (CHINA_ANNOUNCED[year] === undefined) return false
  return true
}

/** The day itself when it is one. */
function nextBusinessDay(day: number, calendar: BusinessCalendar): number {
  for (let next = day; next < day + MAX_DAYS_SEARCHED; next += 1) if (isBusinessDay(next, calendar)) return next
  throw new RangeError(`the calendar has no business day within ten years of ${dateOf(day)}`)
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

function yearOf(day: number): number {
  return new Date(day * DAY_MS).getUTCFullYear()
}

type ChinaDays = { readonly off: ReadonlySet<string>; readonly worked: ReadonlySet<string> }

const chinaDays = new Map<number, ChinaDays>()

function chinaDaysOf(year: number): ChinaDays {
  const known = chinaDays.get(year)
  if (known !== undefined) return known
  const announced = CHINA_ANNOUNCED[year]
  const made =
    announced === undefined
      ? { off: new Set(CHINA_FIXED_DAYS_OFF.map((date) => `${year}-${date}`)), worked: new Set<string>() }
      : { off: new Set(announced.daysOff.flatMap((entry) => datesOf(entry))), worked: new Set(announced.worked) }
  chinaDays.set(year, made)
  return made
}

function datesOf(entry: string | readonly [string, string]): string[] {
  if (typeof entry === 'string') return [entry]
  const [from, to] = entry.map((date) => parseDay(date) ?? 0)
  return Array.from({ length: (to ?? 0) - (from ?? 0) + 1 }, (_, index) => dateOf((from ?? 0) + index))
}
