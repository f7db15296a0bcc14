/**
 * When an application is expected to be through (DOMAIN §3.9).
 *
 * @module
 */
import { addBusinessDays, isCalendarKnown, type BusinessCalendar } from '../business-day/business-calendar.ts'
import type { CertificateType } from '../product/specification.ts'
import { HOUR_MS } from '../time.ts'

/** Instants in epoch milliseconds. */
export type FinishEstimate = {
  readonly fastestAt: number
  readonly usuallyFrom: number
  readonly usuallyUntil: number
  /** False: the days off of a year in between are not announced yet, and it may take longer. */
  readonly calendarKnown: boolean
}

const MINUTE_MS = HOUR_MS / 60
const DV = { fastestMs: 5 * MINUTE_MS, usuallyFromMs: 10 * MINUTE_MS, usuallyUntilMs: 2 * HOUR_MS } as const
/** OV and EV, in business days. */
const REVIEWED = { fastest: 2, usuallyFrom: 3, usuallyUntil: 5 } as const

/** DV: minutes, around the clock. OV and EV: people review, on business days. @param submittedAt epoch milliseconds */
export function estimateFinish(type: CertificateType, submittedAt: number, calendar: BusinessCalendar): FinishEstimate {
  if (type === 'DV') {
    return {
      fastestAt: submittedAt + DV.fastestMs,
      usuallyFrom: submittedAt + DV.usuallyFromMs,
      usuallyUntil: submittedAt + DV.usuallyUntilMs,
      calendarKnown: true,
    }
  }
  const usuallyUntil = addBusinessDays(submittedAt, REVIEWED.usuallyUntil, calendar)
  return {
    fastestAt: addBusinessDays(submittedAt, REVIEWED.fastest, calendar),
    usuallyFrom: addBusinessDays(submittedAt, REVIEWED.usuallyFrom, calendar),
    usuallyUntil,
    calendarKnown: isCalendarKnown(submittedAt, usuallyUntil, calendar),
  }
}
