/**
 * What a service has stored: whether a request that was refused changed anything, and whether everything that is there is whole.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Services } from '../../../packages/server/src/services/context.ts'

type Db = Services['db']

/** What a refusal may leave: its line in the audit log, and when the token was last used. */
const MAY_CHANGE = /^(audit_|access_token$)/

/** Rows and latest change of each table, as one text for each: two that are equal say that nothing was stored between them. */
export type StoredState = ReadonlyMap<string, string>

/** Makes the question once: tables do not change while the service runs. */
export async function createStateReader(db: Db): Promise<() => Promise<StoredState>> {
  const { rows: tables } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1`.execute(db)
  const watched = tables.filter(({ name }) => !MAY_CHANGE.test(name))
  if (watched.length === 0) throw new Error('the database has no tables')
  const states = watched.map(
    // Of a row that was added or changed, xmin is the transaction that did it.
    ({ name }) =>
      sql`select ${name} as name, count(*) || ' ' || coalesce(max(xmin::text::bigint), 0) as state from ${sql.table(name)}`,
  )
  const question = sql<{ name: string; state: string }>`${sql.join(states, sql` union all `)}`.compile(db)
  return async () => {
    const { rows } = await db.executeQuery<{ name: string; state: string }>(question)
    return new Map(rows.map(({ name, state }) => [name, state]))
  }
}

/** @throws Error naming the tables that differ */
export function expectUnchanged(before: StoredState, after: StoredState, what: string): void {
  const changed = [...after].filter(([name, state]) => before.get(name) !== state).map(([name]) => name)
  if (changed.length > 0) throw new Error(`${what} was refused, and changed ${changed.join(', ')}`)
}

/** Gives what was bought the issuance of an upload, without its key: some requests are for issued certificates alone. */
export async function issueLikeUpload(
  db: Db,
  { boughtId, uploadId }: Readonly<Record<'boughtId' | 'uploadId', string>>,
): Promise<void> {
  await sql`with issued as (insert into issuance (id, account_id, certificate_id, sha256, serial, issuer, names, spki_sha256, not_before, not_after,
      window_opens_at, chain_pem, created_at)
    select reverse(id), account_id, ${boughtId}, reverse(sha256), serial, issuer, names, spki_sha256, not_before, not_after,
      window_opens_at, chain_pem, created_at from issuance where certificate_id = ${uploadId} returning id)
    update certificate set issuance_id = issued.id from issued where certificate.id = ${boughtId}`.execute(db)
}

/**
 * Each uploaded certificate has its issuance, key, secret and history, and none of these is without it; no secret is nobody's; each order and
 * each CSR with a key has what belongs to it.
 *
 * @throws Error with the counts that do not agree
 */
export async function expectWhole(db: Db): Promise<void> {
  const { rows } = await sql<Record<string, string>>`select
    (select count(*) from certificate where origin = 'uploaded') as certificates,
    (select count(*) from certificate join issuance on issuance.id = certificate.issuance_id
      and issuance.certificate_id = certificate.id where origin = 'uploaded') as issued,
    (select count(*) from issuance join certificate on certificate.id = issuance.certificate_id where origin = 'uploaded') as issuances,
    (select count(*) from private_key join issuance on issuance.private_key_id = private_key.id) as used_keys,
    (select count(*) from private_key) - (select count(*) from csr where private_key_id is not null) as keys,
    (select count(*) from certificate_listing where origin = 'uploaded') as listed,
    (select count(*) from history where to_state = 'uploaded') as history`.execute(db)
  const counts = new Set(Object.values(rows[0] ?? {}).map(Number))
  if (counts.size !== 1) throw new Error(`Something was stored in part: ${JSON.stringify(rows[0])}`)
  const { rows: loose } = await sql<Record<string, number>>`select
    (select count(*)::int from secret where ${sql.join(await referencesTo(db, 'secret'), sql` and `)}) as secrets,
    (select count(*)::int from private_key where id not in (select private_key_id from issuance where private_key_id is not null)
      and id not in (select private_key_id from csr where private_key_id is not null)) as keys,
    (select count(*)::int from "order" where id not in (select subject_id from history where subject = 'order')) as orders,
    (select count(*)::int from application where id not in (select subject_id from history where subject = 'application'))
      as applications`.execute(db)
  if (Object.values(loose[0] ?? {}).some((count) => count > 0))
    throw new Error(`Something was stored that belongs to nothing: ${JSON.stringify(loose[0])}`)
}

/** For each column that refers to the table: that it does not hold the id. */
async function referencesTo(db: Db, table: string) {
  const { rows } = await sql<{ table: string; column: string }>`select r.conrelid::regclass::text as table, a.attname as column
    from pg_constraint r join pg_attribute a on a.attrelid = r.conrelid and a.attnum = r.conkey[1]
    where r.contype = 'f' and r.confrelid = ${table}::regclass`.execute(db)
  if (rows.length === 0) throw new Error(`nothing refers to ${table}`)
  return rows.map(
    (each) => sql`not exists (select from ${sql.table(each.table)} r where r.${sql.ref(each.column)} = ${sql.table(table)}.id)`,
  )
}
