/**
 * How far the renewals of the certificates in their window are: for the picture of it, and for the list of those that wait.
 *
 * @module
 */
import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { RenewalStage } from '@evercert/contract'
import { DAY_MS } from '../domain/time.ts'
import type { Db } from './connect.ts'
import { statusCondition } from './status-condition.ts'

/**
 * How many wait for each stage; those that are proved under null. Like the counts by status from sums by day, and a count of those alone whose
 * window opened or that expired on the present day.
 */
export async function countWaiting(db: Db, accountId: string, now: number): Promise<ReadonlyMap<RenewalStage | null, number>> {
  const dayStart = new Date(Math.floor(now / DAY_MS) * DAY_MS)
  const today = dayStart.toISOString().slice(0, 10)
  const at = new Date(now)
  const { rows } = await sql<{ waits_for: RenewalStage | null; count: number }>`
    select nullif(waits_for, '') as waits_for, sum(count)::int as count from (
      select waits_for, count from certificate_tally
        where account_id = ${accountId} and phase = 'valid' and opens_on < ${today}::date and expires_on >= ${today}::date
      union all
      select waits_for, count from certificate_tally_change
        where account_id = ${accountId} and phase = 'valid' and opens_on < ${today}::date and expires_on >= ${today}::date
      union all
      select coalesce(waits_for, ''), 1 from certificate_listing where account_id = ${accountId} and phase = 'valid'
        and window_opens_at >= ${dayStart} and window_opens_at <= ${at} and not_after > ${at}
      union all
      select coalesce(waits_for, ''), -1 from certificate_listing where account_id = ${accountId} and phase = 'valid'
        and not_after >= ${dayStart} and not_after <= ${at} and window_opens_at < ${dayStart}
    ) day group by 1 having sum(count) > 0`.execute(db)
  return new Map(rows.map(({ waits_for: stage, count }) => [stage, count]))
}

/** The certificates that wait for a stage, and the renewals under them. */
export function waitingFor(accountId: string, stage: RenewalStage, now: Date): RawBuilder<{ certificate_id: string }> {
  const waiting = waits(accountId, stage, now)
  // Several queries, so that the condition on one certificate reaches the index of either.
  return sql`select l.certificate_id from certificate_listing l where ${waiting}
    union all select r.new_certificate_id from certificate_listing l
      join renewal r on r.old_certificate_id = l.certificate_id and r.state <> 'cancelled'
      where r.new_certificate_id is not null and ${waiting}
    union all select u.id from certificate_listing l
      join certificate u on u.renews_certificate_id = l.certificate_id and u.closed_as is null and u.revoked_at is null
      where ${waiting}`
}

/**
 * As {@link waitingFor}, when no more than so many wait: they first, and what renews them by their ids. How many wait for a stage, the planner
 * only guesses: of one query it made a join that reads all renewals.
 *
 * @returns null when more wait
 */
export async function findFewWaiting(
  db: Db,
  {
    accountId,
    stage,
    now,
    max,
  }: { readonly accountId: string; readonly stage: RenewalStage; readonly now: Date; readonly max: number },
): Promise<string[] | null> {
  const { rows } = await sql<{ id: string }>`select l.certificate_id as id from certificate_listing l
    where ${waits(accountId, stage, now)} limit ${max + 1}`.execute(db)
  if (rows.length > max) return null
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return []
  const { rows: following } = await sql<{ id: string }>`
    select new_certificate_id as id from renewal
      where old_certificate_id = any(${ids}::text[]) and state <> 'cancelled' and new_certificate_id is not null
    union all
    select id from certificate where renews_certificate_id = any(${ids}::text[]) and closed_as is null and revoked_at is null`.execute(
    db,
  )
  return [...ids, ...following.map(({ id }) => id)]
}

function waits(accountId: string, stage: RenewalStage, now: Date): RawBuilder<SqlBool> {
  return sql<SqlBool>`l.account_id = ${accountId} and l.waits_for = ${stage} and ${statusCondition('expiringSoon', now)}`
}
