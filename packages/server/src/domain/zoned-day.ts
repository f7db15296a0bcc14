/**
 * Calendar days in a named time zone, with Intl alone. Days are counted as whole days since 1970-01-01.
 *
 * @module
 */
import { DAY_MS } from './time.ts'

/** Local dates differ from UTC by at most 14 hours to the east and 12 to the west; a day on either side is certain to enclose. */
const WIDEST_OFFSET_MS = DAY_MS
const MINUTE_MS = 60_000

// Building a formatter costs a thousand times as much as using it, and a scan asks for each certificate.
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formatters.set(timeZone, made)
  return made
}

/** The wall clock of the zone at `instant`, read as if it were UTC (whole seconds). */
function wallClock(instant: number, timeZone: string): number {
  const fields = new Map<string, number>()
  for (const { type, value } of formatterOf(timeZone).formatToParts(instant)) fields.set(type, Number(value))
  const field = (name: string): number => fields.get(name) ?? 0
  return Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'), field('second'))
}

/**
 * The calendar day of `instant` in the zone, as days since 1970-01-01.
 *
 * @throws RangeError when the runtime does not know the zone (see {@link isTimeZone})
 */
export function zonedDayNumber(instant: number, timeZone: string): number {
  return Math.floor(wallClock(instant, timeZone) / DAY_MS)
}

/**
 * The wall clock of the zone at `instant`, as whole minutes since midnight, 0 to 1439.
 *
 * @throws RangeError when the runtime does not know the zone
 */
export function minuteOfZonedDay(instant: number, timeZone: string): number {
  const clock = wallClock(instant, timeZone)
  return Math.floor((clock - Math.floor(clock / DAY_MS) * DAY_MS) / MINUTE_MS)
}

/**
 * The first instant of a calendar day of the zone. Not always 00:00: where the clocks go forward at midnight, the day starts at 01:00;
 * where 00:00 comes twice, it is the first one; a day that the zone skipped starts with the next one.
 *
 * @param dayNumber days since 1970-01-01, as {@link zonedDayNumber} counts them
 * @throws RangeError when the runtime does not know the zone
 */
export function startOfZonedDay(dayNumber: number, timeZone: string): number {
  const midnight = dayNumber * DAY_MS
  const guess = midnight - (wallClock(midnight, timeZone) - midnight)
  const starts = zonedDayNumber(guess, timeZone) >= dayNumber && zonedDayNumber(guess - 1, timeZone) < dayNumber
  return starts ? guess : bisectStart(dayNumber, timeZone)
}

/** For the days on which the clocks change: the first instant whose local day is not before `dayNumber`. */
function bisectStart(dayNumber: number, timeZone: string): number {
  let before = dayNumber * DAY_MS - WIDEST_OFFSET_MS
  let onOrAfter = dayNumber * DAY_MS + WIDEST_OFFSET_MS
  while (onOrAfter - before > 1) {
    const middle = Math.floor((before + onOrAfter) / 2)
    if (zonedDayNumber(middle, timeZone) >= dayNumber) onOrAfter = middle
    else before = middle
  }
  return onOrAfter
}

/** Whether the runtime knows the zone (IANA names such as `Asia/Shanghai`, and `UTC`): for the validation of settings. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name)
    return true
  } catch {
    return false // Intl answers an unknown zone with a RangeError and offers no other question
  }
}
