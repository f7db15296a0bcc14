/**
 * How many renewals the months to come will bring, as publicly trusted certificates may live less and less (BR 6.3.2).
 *
 * @module
 */
import { windowOpensAt, type RenewalPolicy } from '../certificate/window.ts'
import { VALIDITY_CAPS, type ValidityCap } from '../entitlement/validity-caps.ts'
import { DAY_MS, utcDayNumber } from '../time.ts'

/** Certificates that are renewed on the same days. Days are whole days since 1970-01-01 (UTC). */
export type Cohort = {
  readonly opensOn: number
  readonly expiresOn: number
  /** Whole days, 1 or more. */
  readonly lifetimeDays: number
  readonly count: number
}

export type MonthForecast = {
  /** `YYYY-MM`, UTC. */
  readonly month: string
  /** Certificates to be issued anew, whether bought or at no charge within a period paid for. */
  readonly renewals: number
  /** The same if the rules of today went on. */
  readonly underRulesOfToday: number
}

export type ForecastPeriod = {
  /** Epoch milliseconds. */
  readonly now: number
  /** The present month and those after it. */
  readonly months: number
  readonly policy: RenewalPolicy
}

/**
 * Each certificate is renewed when its window opens, or today if it is open, and the next one in the same way. The next one lives as long as the
 * last, or as the rules of the day of its issue allow. A certificate that lives longer than the rules of its own issue allowed comes from a private
 * CA, and goes on as it is.
 *
 * Costs by days and lengths, not by certificates.
 * @throws RangeError when the runtime does not know the policy's time zone
 */
export function forecastRenewals(cohorts: readonly Cohort[], period: ForecastPeriod): MonthForecast[] {
  const months = monthsOf(period)
  const scheduled = countByMonth(cohorts, period, VALIDITY_CAPS)
  const asToday = countByMonth(cohorts, period, [{ ...capOn(VALIDITY_CAPS, period.now), from: Number.NEGATIVE_INFINITY }])
  return months.map((month) => ({
    month,
    renewals: scheduled.get(month) ?? 0,
    underRulesOfToday: asToday.get(month) ?? 0,
  }))
}

function monthsOf({ now, months }: ForecastPeriod): string[] {
  const date = new Date(now)
  return Array.from({ length: months }, (_, index) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + index, 1)).toISOString().slice(0, 7),
  )
}

/** What is due on a day: how many, by how long they live and whether the public rules bind them. */
type Due = Map<string, { readonly lifetimeDays: number; readonly isPublic: boolean; count: number }>

function countByMonth(
  cohorts: readonly Cohort[],
  period: ForecastPeriod,
  caps: readonly ValidityCap[],
): ReadonlyMap<string, number> {
  const today = utcDayNumber(period.now)
  const date = new Date(period.now)
  const end = utcDayNumber(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + period.months, 1))
  const days: Due[] = Array.from({ length: end - today }, () => new Map())
  const add = (day: number, lifetimeDays: number, isPublic: boolean, count: number): void => {
    const due = days[Math.max(day, today) - today]
    if (due === undefined) return // after the last month
    const key = `${lifetimeDays} ${isPublic}`
    const known = due.get(key)
    if (known === undefined) due.set(key, { lifetimeDays, isPublic, count })
    else known.count += count
  }
  for (const { opensOn, expiresOn, lifetimeDays, count } of cohorts) {
    add(opensOn, lifetimeDays, wasPublic(expiresOn, lifetimeDays), count)
  }
  const counts = new Map<string, number>()
  for (const [offset, due] of days.entries()) {
    const at = (today + offset) * DAY_MS
    for (const { lifetimeDays, isPublic, count } of due.values()) {
      const month = new Date(at).toISOString().slice(0, 7)
      counts.set(month, (counts.get(month) ?? 0) + count)
      const next = isPublic ? Math.min(lifetimeDays, capOn(caps, at).validityShouldDays) : lifetimeDays
      add(nextOpening(at, next, period.policy), next, isPublic, count)
    }
  }
  return counts
}

/** Issued within the limit of its day. The day of issue is a day off at most, and so is the limit that a CA may use up (MUST). */
function wasPublic(expiresOn: number, lifetimeDays: number): boolean {
  const issuedAt = (expiresOn - lifetimeDays) * DAY_MS
  const limits = [issuedAt - DAY_MS, issuedAt].map((at) => capOn(VALIDITY_CAPS, at).validityMustDays)
  return lifetimeDays <= Math.max(...limits)
}

function capOn(caps: readonly ValidityCap[], at: number): ValidityCap {
  const cap = caps.findLast(({ from }) => from <= at)
  if (cap === undefined) throw new RangeError('the table of caps has no row for the past')
  return cap
}

/** A day at least after the issue, so that a short life ends and does not stand still. */
function nextOpening(issuedAt: number, lifetimeDays: number, policy: RenewalPolicy): number {
  const validity = { notBefore: issuedAt, notAfter: issuedAt + lifetimeDays * DAY_MS - 1000 }
  return Math.max(utcDayNumber(issuedAt) + 1, utcDayNumber(windowOpensAt(validity, policy)))
}

/** The rules that apply within the period, the present one first. */
export function rulesWithin({ now, months }: Pick<ForecastPeriod, 'now' | 'months'>): readonly ValidityCap[] {
  const date = new Date(now)
  const end = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
  return VALIDITY_CAPS.filter((cap, index) => cap.from < end && (VALIDITY_CAPS[index + 1]?.from ?? end) > now)
}
