/**
 * What is ahead: the renewals of the months to come, and how far those of today are.
 *
 * @module
 */
import { RENEWAL_STAGES, type RenewalForecast, type RenewalFunnel } from '@evercert/contract'
import { countForForecast } from '../db/certificate-tally.ts'
import { countWaiting } from '../db/renewal-funnel.ts'
import { forecastRenewals, rulesWithin } from '../domain/renewal/forecast.ts'
import { utcDayNumber } from '../domain/time.ts'
import type { Caller, Services } from './context.ts'

/** Costs by the days on which certificates expire, not by certificates. */
export async function forecast(services: Services, caller: Caller, months: number): Promise<RenewalForecast> {
  const now = services.now()
  const rows = await countForForecast(services.db, caller.accountId, now)
  const cohorts = rows.map(({ opensOn, expiresOn, ...row }) => ({ ...row, opensOn: dayOf(opensOn), expiresOn: dayOf(expiresOn) }))
  const period = { now, months, policy: services.policy }
  return {
    asOf: new Date(now).toISOString(),
    certificates: rows.reduce((sum, { count }) => sum + count, 0),
    rules: rulesWithin(period).map(({ from, validityMustDays }) => ({
      from: Number.isFinite(from) ? new Date(from).toISOString() : null,
      validityDays: validityMustDays,
    })),
    months: forecastRenewals(cohorts, period),
  }
}

const dayOf = (day: string): number => utcDayNumber(Date.parse(day))

/** Each stage with what reached it; a stage is reached by what waits for any of those after it. */
export async function funnel(services: Services, caller: Caller): Promise<RenewalFunnel> {
  const waiting = await countWaiting(services.db, caller.accountId, services.now())
  const entered = [...waiting.values()].reduce((sum, count) => sum + count, 0)
  let reached = entered
  const stages = RENEWAL_STAGES.map((stage) => {
    const count = waiting.get(stage) ?? 0
    reached -= count
    return { stage, reached, waiting: count }
  })
  return { entered, stages }
}
