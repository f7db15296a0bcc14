/**
 * How many certificates have each status, without counting them: sums by day, and a count of the present day alone.
 *
 * @module
 */
import { sql } from 'kysely'
import type { CertificateStatus } from '../domain/certificate/derive-status.ts'
import { DAY_MS } from '../domain/time.ts'
import type { Db } from './connect.ts'

interface PhaseRow {
  readonly phase: string
  readonly total: number
  /** Whose window opened, or that expired, before the present day began. */
  readonly opened: number
  readonly expired: number
}

/** Statuses that no certificate has are left out. */
export async function countByStatus(db: Db, accountId: string, now: number): Promise<ReadonlyMap<CertificateStatus, number>> {
  const dayStart = new Date(Math.floor(now / DAY_MS) * DAY_MS)
  const today = dayStart.toISOString().slice(0, 10)
  // One statement, so that both parts see the same moment.
  const { rows } = await sql<PhaseRow>`
    with day as (
      select account_id, phase, opens_on, expires_on, count from certificate_tally where account_id = ${accountId}
      union all
      select account_id, phase, opens_on, expires_on, count from certificate_tally_change where account_id = ${accountId}
    )
    select phase, sum(count)::int as total,
      coalesce(sum(count) filter (where opens_on < ${today}::date), 0)::int as opened,
      coalesce(sum(count) filter (where expires_on < ${today}::date), 0)::int as expired
    from day group by phase
    union all
    select phase, 0, count(*)::int, 0 from certificate_listing
      where account_id = ${accountId} and phase in ('valid', 'revocationPending')
        and window_opens_at >= ${dayStart} and window_opens_at <= ${new Date(now)} group by phase
    union all
    select phase, 0, 0, count(*)::int from certificate_listing
      where account_id = ${accountId} and phase in ('valid', 'revocationPending')
        and not_after >= ${dayStart} and not_after <= ${new Date(now)} group by phase`.execute(db)
  return toStatuses(rows)
}

function toStatuses(rows: readonly PhaseRow[]): ReadonlyMap<CertificateStatus, number> {
  const sumOf = (phase: string, column: 'total' | 'opened' | 'expired'): number =>
    rows.filter((row) => row.phase === phase).reduce((sum, row) => sum + Number(row[column]), 0)
  const byPhase = new Map<string, number>(rows.map(({ phase }) => [phase, sumOf(phase, 'total')]))
  byPhase.delete('valid')
  const counts = new Map([...byPhase] as [CertificateStatus, number][])
  const expiredValid = sumOf('valid', 'expired')
  const expiredPending = sumOf('revocationPending', 'expired')
  counts.set('issued', sumOf('valid', 'total') - sumOf('valid', 'opened'))
  counts.set('expiringSoon', sumOf('valid', 'opened') - expiredValid)
  counts.set('expired', expiredValid + expiredPending)
  counts.set('revocationPending', sumOf('revocationPending', 'total') - expiredPending)
  return new Map([...counts].filter(([, count]) => count > 0))
}

/** Valid certificates by the UTC day on which they expire, from the present one on, soonest first. */
export async function countByExpiryDay(
  db: Db,
  accountId: string,
  period: { readonly now: number; readonly days: number },
): Promise<{ readonly on: string; readonly count: number }[]> {
  const first = new Date(period.now).toISOString().slice(0, 10)
  const { rows } = await sql<{ on: string; count: number }>`
    select to_char(expires_on, 'YYYY-MM-DD') as on, sum(count)::int as count from (
      select phase, expires_on, count from certificate_tally where account_id = ${accountId}
      union all
      select phase, expires_on, count from certificate_tally_change where account_id = ${accountId}
    ) as day
    where phase in ('valid', 'revocationPending')
      and expires_on >= ${first}::date and expires_on < ${first}::date + ${period.days}::int
    group by expires_on having sum(count) > 0 order by expires_on`.execute(db)
  return rows
}

/** Certificates that count the same: their number, and what the forecast of their renewals needs. */
export interface ForecastRow {
  /** `YYYY-MM-DD`, both in UTC. */
  readonly opensOn: string
  readonly expiresOn: string
  readonly lifetimeDays: number
  readonly count: number
}

/** The certificates to renew: the last of each lineage, valid at the beginning of the present day. Reads tallies alone. */
export async function countForForecast(db: Db, accountId: string, now: number): Promise<readonly ForecastRow[]> {
  const today = new Date(now).toISOString().slice(0, 10)
  const { rows } = await sql<ForecastRow>`
    select to_char(opens_on, 'YYYY-MM-DD') as "opensOn", to_char(expires_on, 'YYYY-MM-DD') as "expiresOn",
      lifetime_days as "lifetimeDays", sum(count)::int as count from (
        select opens_on, expires_on, lifetime_days, count from certificate_tally
          where account_id = ${accountId} and is_last and expires_on >= ${today}::date
        union all
        select opens_on, expires_on, lifetime_days, count from certificate_tally_change
          where account_id = ${accountId} and is_last and expires_on >= ${today}::date
      ) as day
    group by opens_on, expires_on, lifetime_days having sum(count) > 0`.execute(db)
  return rows
}

/** What tallies are told apart by. */
const SUMMED = sql.raw('account_id, phase, opens_on, expires_on, lifetime_days, is_last, waits_for')

/** Sums up what was added since the last time. Several nodes may do it at once. */
export async function sumUpTallies(db: Db): Promise<void> {
  await sql`
    with taken as (delete from certificate_tally_change returning ${SUMMED}, count)
    insert into certificate_tally as t (${SUMMED}, count)
    select ${SUMMED}, sum(count) from taken group by ${SUMMED} having sum(count) <> 0 order by ${SUMMED}
    on conflict (${SUMMED}) do update set count = t.count + excluded.count`.execute(db)
}
