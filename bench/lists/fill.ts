/**
 * Certificates by set-based SQL: most are single, one in ten is a renewal, every other of these proved; expiry over two years; one in a thousand is
 * still applied for.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Db } from '../../packages/server/src/db/connect.ts'
import { sumUpTallies } from '../../packages/server/src/db/certificate-tally.ts'
import type { Report } from '../support/report.ts'

const ROWS_AT_ONCE = 2000
/** Each time that there are so many times as many. */
const ANALYSED_EACH = 3
const LINEAGES_AT_ONCE = 200

/** The tenth of every ten renews the ninth. Ids are as long as real ones and sort by n. */
const idOf = (prefix: string, n: string) => `'${prefix}_' || lpad((${n})::text, 26, '0')`

export async function fillLists(db: Db, size: number, report: Report): Promise<void> {
  const { id: accountId } = await db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  await report.step(`store ${size.toLocaleString('en')} certificates`, async () => {
    let analysed = 0
    for (let from = 1; from <= size; from += ROWS_AT_ONCE) {
      const to = Math.min(size, from + ROWS_AT_ONCE - 1)
      await fill(db, accountId, from, to)
      if (to < analysed * ANALYSED_EACH) continue
      await sql`analyze`.execute(db) // plans that were made while the tables were small read them from end to end
      analysed = to
    }
  })
  await report.step('sum up and vacuum', async () => {
    await sumUpTallies(db)
    await sql`vacuum (analyze)`.execute(db)
  })
}

async function fill(db: Db, accountId: string, from: number, to: number): Promise<void> {
  const lineage = idOf('crt', 'case when n % 10 = 0 then n - 1 else n end')
  const isIssued = `n % 1000 <> 500`
  await db.transaction().execute(async (trx) => {
    // Neither triggers nor checks of references: the rows fit, and their list facts are made at the end for all of them at once.
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql`insert into certificate (id, account_id, name, origin, renews_certificate_id, lineage_id, lineage_index, issuance_id,
        served_at, created_at)
      select ${sql.raw(idOf('crt', 'n'))}, ${accountId}, 'site-' || n, 'uploaded',
        case when n % 10 = 0 then ${sql.raw(idOf('crt', 'n - 1'))} end, ${sql.raw(lineage)}, case when n % 10 = 0 then 1 else 0 end,
        case when ${sql.raw(isIssued)} then ${sql.raw(idOf('iss', 'n'))} end, case when n % 20 = 0 and ${sql.raw(isIssued)} then now() end, now()
      from generate_series(${from}::int, ${to}::int) n`.execute(trx)
    await sql`insert into issuance (id, account_id, certificate_id, sha256, serial, issuer, names, spki_sha256,
        not_before, not_after, window_opens_at, chain_pem, revocation_noted, created_at)
      select ${sql.raw(idOf('iss', 'n'))}, ${accountId}, ${sql.raw(idOf('crt', 'n'))}, md5(n::text) || md5((-n)::text),
        md5(n::text), 'O=CA ' || n % 20 || ', CN=Issuing ' || n % 20,
        array['site-' || n || '.team-' || n % 1000 || '.example.com'], md5(n::text) || md5((-n)::text),
        ends - interval '365 days', ends, ends - interval '30 days', 'none', true, now()
      from (select n, date_trunc('second', now() + (n::bigint * 7919 % 63072000 - 6307200) * interval '1 second') as ends
        from generate_series(${from}::int, ${to}::int) n) numbered where ${sql.raw(isIssued)}`.execute(trx)
    await sql`insert into certificate_tag (account_id, certificate_id, tag, created_at)
      select ${accountId}, ${sql.raw(idOf('crt', 'n'))}, tag, now() from generate_series(${from}::int, ${to}::int) n,
        unnest(array['team-' || n % 1000, case when n % 4 = 0 then 'prod' else 'test' end]) tag`.execute(trx)
    await sql`insert into renewal (id, account_id, old_certificate_id, new_certificate_id, order_id, state, created_at, closed_at)
      select ${sql.raw(idOf('rnw', 'n'))}, ${accountId}, ${sql.raw(idOf('crt', 'n - 1'))}, ${sql.raw(idOf('crt', 'n'))},
        ${sql.raw(idOf('ord', 'n'))}, case when n % 20 = 0 and ${sql.raw(isIssued)} then 'closed' else 'open' end, now(),
        case when n % 20 = 0 and ${sql.raw(isIssued)} then now() end
      from generate_series(${from}::int, ${to}::int) n where n % 10 = 0`.execute(trx)
    await sql`select refresh_listing(${accountId}, array_agg(lineage_id)) from (
        select lineage_id, row_number() over () / ${LINEAGES_AT_ONCE} as part from certificate
        where account_id = ${accountId} and id between ${sql.raw(idOf('crt', `${from}`))} and ${sql.raw(idOf('crt', `${to}`))}
          and lineage_index = 0) lineages group by part`.execute(trx)
  })
}
