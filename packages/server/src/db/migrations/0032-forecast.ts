/**
 * What the forecast of renewals needs is counted with the rest: how long certificates live, and which of a lineage is the one to renew.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { CHANGING, FACTS, refreshingMany, refreshingOne } from './0011-listing-once.ts'

/** Whole days: notAfter belongs to the validity (RFC 5280 §4.1.2.5), and a CA's clock may be a little off. */
const LIFETIME_DAYS = `case when i.not_after is not null
  then greatest(1, round(extract(epoch from i.not_after - i.not_before) / 86400))::int end`

/** The last of its lineage: what is valid and followed by nothing that lives longer. */
const isLast = (row: string): string =>
  `(not ${row}.closed and ${row}.phase in ('valid', 'revocationPending') and ${row}.not_after = ${row}.place_not_after)`

const TALLIED = [
  { name: 'lifetime_days', of: (row: string) => `coalesce(${row}.lifetime_days, 0)` },
  { name: 'is_last', of: (row: string) => `coalesce(${isLast(row)}, false)` },
]

const COLUMNS = TALLIED.map(({ name }) => name).join(', ')

const TABLES = [
  `alter table certificate_listing add column lifetime_days int`,
  `update certificate_listing l set lifetime_days = ${LIFETIME_DAYS}
    from certificate c join issuance i on i.id = c.issuance_id where c.id = l.certificate_id`,
  ...['certificate_tally', 'certificate_tally_change'].map(
    (table) =>
      `alter table ${table} add column lifetime_days int not null default 0, add column is_last boolean not null default false`,
  ),
  `alter table certificate_tally drop constraint certificate_tally_pkey`,
  `delete from certificate_tally`,
  `delete from certificate_tally_change`,
  `alter table certificate_tally add primary key (account_id, phase, opens_on, expires_on, lifetime_days, is_last)`,
  `insert into certificate_tally (account_id, phase, opens_on, expires_on, ${COLUMNS}, count)
    select account_id, phase, coalesce((window_opens_at at time zone 'UTC')::date, '9999-12-31'),
      coalesce((not_after at time zone 'UTC')::date, '9999-12-31'), ${TALLIED.map(({ of }) => of('l')).join(', ')}, count(*)
    from certificate_listing l group by 1, 2, 3, 4, 5, 6`,
]

/** Of the functions that keep the list. */
export const SHAPE = {
  changing: [...CHANGING, 'lifetime_days'],
  facts: FACTS.replace('i.window_opens_at,', `i.window_opens_at, ${LIFETIME_DAYS} as lifetime_days,`),
  tallied: TALLIED,
}

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, refreshingMany(SHAPE), refreshingOne(SHAPE)]) await sql.raw(statement).execute(db)
}
