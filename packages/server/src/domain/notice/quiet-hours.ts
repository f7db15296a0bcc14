/**
 * Quiet hours: a daily span of the wall clock in a named zone, in which nothing is sent. They delay and never drop.
 *
 * @module
 */
import { minuteOfZonedDay } from '../zoned-day.ts'

const MINUTE_MS = 60_000
export const MINUTES_PER_DAY = 1440
/** So much of each day stays for sending. */
export const MIN_OPEN_MINUTES = 60

/** From `fromMinute` until just before `untilMinute` of the wall clock, over midnight when `from` is the later one. */
export interface QuietHours {
  /** Minutes since midnight, 0 to 1439. */
  readonly fromMinute: number
  readonly untilMinute: number
  /** IANA name. */
  readonly timeZone: string
}

/** Whether the span leaves at least {@link MIN_OPEN_MINUTES} and is not empty. */
export function areQuietHours({ fromMinute, untilMinute }: Pick<QuietHours, 'fromMinute' | 'untilMinute'>): boolean {
  const lengthMinutes = (untilMinute - fromMinute + MINUTES_PER_DAY) % MINUTES_PER_DAY
  return lengthMinutes > 0 && lengthMinutes <= MINUTES_PER_DAY - MIN_OPEN_MINUTES
}

export function isQuiet(instant: number, quiet: QuietHours): boolean {
  const minute = minuteOfZonedDay(instant, quiet.timeZone)
  const { fromMinute, untilMinute } = quiet
  return fromMinute <= untilMinute ? minute >= fromMinute && minute < untilMinute : minute >= fromMinute || minute < untilMinute
}

/** Clocks change by whole quarters of an hour, and an open span is longer than one. */
const STEP_MS = 15 * MINUTE_MS
/** A day whose open hour the clocks skip, and the next one. */
const MAX_STEPS = (3 * MINUTES_PER_DAY * MINUTE_MS) / STEP_MS

/**
 * The first instant from `instant` on that is not quiet, to the millisecond. Where the clocks go back the span lasts longer, where they go
 * forward shorter.
 *
 * @throws RangeError when the runtime does not know the zone, or the hours leave nothing open
 */
export function nextAllowed(instant: number, quiet: QuietHours | null): number {
  if (quiet === null || !isQuiet(instant, quiet)) return instant
  for (let step = 1; step <= MAX_STEPS; step += 1) {
    const candidate = instant + step * STEP_MS
    if (!isQuiet(candidate, quiet)) return firstAllowed(candidate - STEP_MS, candidate, quiet)
  }
  throw new RangeError('quiet hours that never end')
}

function firstAllowed(quietAt: number, allowedAt: number, quiet: QuietHours): number {
  let [before, onOrAfter] = [quietAt, allowedAt]
  while (onOrAfter - before > 1) {
    const middle = Math.floor((before + onOrAfter) / 2)
    if (isQuiet(middle, quiet)) before = middle
    else onOrAfter = middle
  }
  return onOrAfter
}

/** `22:30` as minutes since midnight. The pattern is the caller's to check. */
export function minuteOfClock(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return hours * 60 + minutes
}

/** Minutes since midnight as `22:30`. */
export function clockOfMinute(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')
}
