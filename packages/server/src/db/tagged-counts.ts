/**
 * The counts of those certificates that have one of some tags. They are counted row by row: there are no sums of them.
 *
 * @module
 */
import { sql, type RawBuilder, type SqlBool } from 'kysely'
import { certificateStatus } from '@evercert/contract'
import type { CertificateStatus } from '../domain/certificate/derive-status.ts'
import type { Db } from './connect.ts'
import { statusCondition } from './status-condition.ts'

export interface Tagged {
  readonly accountId: string
  readonly tags: readonly string[]
}

/** As `countByStatus`. */
export async function countTaggedByStatus(db: Db, tagged: Tagged, now: number): Promise<ReadonlyMap<CertificateStatus, number>> {
  const cases = certificateStatus.options.map(
    (status) => sql`when ${statusCondition(status, new Date(now))} then ${sql.lit(status)}`,
  )
  const { rows } = await sql<{ status: CertificateStatus; count: number }>`
    select status, count(*)::int as count from (
      select case ${sql.join(cases, sql` `)} end as status from certificate_listing l where ${isTagged(tagged)}
    ) as each where status is not null group by status`.execute(db)
  return new Map(rows.map(({ status, count }) => [status, count]))
}

/** As `countByExpiryDay`. */
export async function countTaggedByExpiryDay(
  db: Db,
  tagged: Tagged,
  period: { readonly now: number; readonly days: number },
): Promise<{ readonly on: string; readonly count: number }[]> {
  const first = new Date(period.now).toISOString().slice(0, 10)
  const day = sql`(l.not_after at time zone 'UTC')::date`
  const { rows } = await sql<{ on: string; count: number }>`
    select to_char(${day}, 'YYYY-MM-DD') as on, count(*)::int as count from certificate_listing l
    where ${isTagged(tagged)} and l.phase in ('valid', 'revocationPending')
      and ${day} >= ${first}::date and ${day} < ${first}::date + ${period.days}::int
    group by ${day} order by ${day}`.execute(db)
  return rows
}

function isTagged({ accountId, tags }: Tagged): RawBuilder<SqlBool> {
  return sql<SqlBool>`l.account_id = ${accountId} and l.certificate_id in (
    select certificate_id from certificate_tag where account_id = ${accountId} and tag = any(${[...tags]}::text[]))`
}
