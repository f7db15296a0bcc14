/**
 * Reads every row of the installation, in one transaction and so of one moment.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import type { Trx } from '../transition.ts'
import type { Tables } from '../tables.ts'
import { RowDigest, type CopyColumn, type TableStart } from './lines.ts'

const ROWS_AT_ONCE = 500
/** Kysely's own: which migrations there are is said once, in the header of a copy. */
const MIGRATION_TABLES = ['kysely_migration', 'kysely_migration_lock']
/** So that a value is the same text whatever the settings of server, database and role are. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['timezone', 'UTC'],
  ['datestyle', 'ISO, YMD'],
  ['intervalstyle', 'iso_8601'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
]

/** Tables with the columns that are stored, in the order of their names. Jobs are left out: the repair scan makes them anew. */
export async function listTables(db: Kysely<Tables> | Trx): Promise<TableStart[]> {
  const { rows } = await sql<{ table: string; columns: CopyColumn[] }>`
    select c.relname as "table", json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> all(${MIGRATION_TABLES})
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname order by c.relname collate "C"`.execute(db)
  return rows
}

/** What makes {@link readTable} give the same text everywhere. */
export async function settleFormat(trx: Trx): Promise<void> {
  for (const [name, value] of SETTINGS) await sql`select set_config(${name}, ${value}, true)`.execute(trx)
}

/** The lines of one table, its start and end included. */
export async function* readTable(trx: Trx, start: TableStart): AsyncGenerator<string> {
  yield JSON.stringify(start)
  const digest = new RowDigest()
  const values = start.columns.map(([name]) => sql`${sql.ref(name)}::text`)
  await sql`declare copied no scroll cursor for
    select json_build_array(${sql.join(values)})::text as line from ${sql.table(start.table)}`.execute(trx)
  for (;;) {
    const { rows } = await sql<{ line: string }>`fetch ${sql.lit(ROWS_AT_ONCE)} from copied`.execute(trx)
    for (const { line } of rows) {
      digest.add(line)
      yield line
    }
    if (rows.length < ROWS_AT_ONCE) break
  }
  await sql`close copied`.execute(trx)
  yield JSON.stringify(digest.end)
}
