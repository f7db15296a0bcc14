/**
 * Fills an empty database of the same schema with the rows of another, all or nothing, and compares what is stored with what was read.
 *
 * @module
 */
import { sql } from 'kysely'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Trx } from '../transition.ts'
import { RowDigest, type TableEnd, type TableStart } from './lines.ts'
import { listTables, readTable, settleFormat } from './read.ts'

const ROWS_AT_ONCE = 500
const CHARACTERS_AT_ONCE = 1_000_000

const tableStart = z.strictObject({ table: z.string(), columns: z.array(z.tuple([z.string(), z.string()])).min(1) })
const tableEnd = z.strictObject({ rows: z.int(), digest: z.string().length(64) })

export interface CopiedTable extends TableEnd {
  readonly table: string
}

/**
 * Within the caller's transaction. Triggers and foreign keys are off while rows come in, and hold again before it ends: what does not fit
 * is refused.
 *
 * @param lines whole tables, as {@link readTable} gives them; ends with the last table
 * @throws AppError `invalid` for lines that are no copy of this schema, `conflict` when what was stored is not what was read
 */
export async function writeTables(trx: Trx, lines: AsyncIterator<string>): Promise<CopiedTable[]> {
  await settleFormat(trx)
  const expected = await listTables(trx)
  const rebuild = await takeDown(trx, expected)
  const copied: CopiedTable[] = []
  for (const start of expected) {
    refuseOther(start, await next(lines))
    copied.push({ table: start.table, ...(await writeRows(trx, start, lines)) })
  }
  await rebuild()
  for (const [index, start] of expected.entries()) await compare(trx, start, copied[index])
  return copied
}

async function next(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next()
  if (done === true) throw broken('it ends too early')
  return value
}

function refuseOther(expected: TableStart, line: string): void {
  const given = tableStart.safeParse(parse(line))
  if (!given.success) throw broken('a table was expected')
  if (JSON.stringify(given.data) !== JSON.stringify(expected)) throw broken(`table ${expected.table} looks otherwise there`)
}

async function writeRows(trx: Trx, start: TableStart, lines: AsyncIterator<string>): Promise<TableEnd> {
  const digest = new RowDigest()
  let batch: string[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await insert(trx, start, batch)
    batch = []
    size = 0
  }
  for (;;) {
    const line = await next(lines)
    if (!line.startsWith('[')) {
      await flush()
      return endOf(start, line, digest)
    }
    digest.add(line)
    batch.push(line)
    size += line.length
    if (batch.length === ROWS_AT_ONCE || size > CHARACTERS_AT_ONCE) await flush()
  }
}

function endOf({ table }: TableStart, line: string, digest: RowDigest): TableEnd {
  const end = tableEnd.safeParse(parse(line))
  if (!end.success) throw broken(`table ${table} has no end`)
  if (end.data.digest !== digest.end.digest || end.data.rows !== digest.end.rows)
    throw broken(`rows of table ${table} were altered`)
  return end.data
}

/** The database reads the JSON itself: the text of each value becomes the column's type there. */
async function insert(trx: Trx, { table, columns }: TableStart, rows: readonly string[]): Promise<void> {
  const names = sql.join(columns.map(([name]) => sql.ref(name)))
  const values = sql.join(columns.map(([, type], index) => sql`(line ->> ${sql.lit(index)})::${sql.raw(type)}`))
  await sql`insert into ${sql.table(table)} (${names}) overriding system value
    select ${values} from json_array_elements(${`[${rows.join(',')}]`}::json) as lines (line)`.execute(trx)
}

/** Empties the tables and turns off what watches them. @returns what puts it all back */
async function takeDown(trx: Trx, tables: readonly TableStart[]): Promise<() => Promise<void>> {
  const keys = await foreignKeys(trx)
  for (const { table } of tables) await sql`alter table ${sql.table(table)} disable trigger user`.execute(trx)
  for (const { table, name } of keys) await sql`alter table ${sql.table(table)} drop constraint ${sql.ref(name)}`.execute(trx)
  await sql`truncate ${sql.join(tables.map(({ table }) => sql.table(table)))}`.execute(trx)
  return async () => {
    for (const { table, name, definition } of keys)
      await sql`alter table ${sql.table(table)} add constraint ${sql.ref(name)} ${sql.raw(definition)}`.execute(trx)
    for (const { table } of tables) await sql`alter table ${sql.table(table)} enable trigger user`.execute(trx)
    await setSequences(trx)
  }
}

async function foreignKeys(trx: Trx): Promise<{ table: string; name: string; definition: string }[]> {
  const { rows } = await sql<{ table: string; name: string; definition: string }>`
    select c.conrelid::regclass::text as "table", c.conname as name, pg_get_constraintdef(c.oid) as definition
    from pg_constraint c where c.contype = 'f' and c.connamespace = current_schema()::regnamespace order by c.oid`.execute(trx)
  return rows.map((row) => ({ ...row, table: row.table.replaceAll('"', '') }))
}

/** The next number that a table gives by itself follows the largest that is there. */
async function setSequences(trx: Trx): Promise<void> {
  const { rows } = await sql<{ table: string; column: string; sequence: string }>`
    select c.relname as "table", a.attname as "column", pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and pg_get_serial_sequence(quote_ident(c.relname), a.attname) is not null`.execute(trx)
  for (const { table, column, sequence } of rows)
    await sql`select setval(${sequence}, coalesce((select max(${sql.ref(column)}) from ${sql.table(table)}), 0) + 1, false)`.execute(
      trx,
    )
}

async function compare(trx: Trx, start: TableStart, copied: CopiedTable | undefined): Promise<void> {
  let last = ''
  for await (const line of readTable(trx, start)) last = line
  const stored = tableEnd.parse(parse(last))
  if (stored.digest === copied?.digest && stored.rows === copied.rows) return
  throw new AppError(
    'conflict',
    `Comparing table ${start.table}: what is stored is not what was read (${stored.rows} rows of ${copied?.rows}): nothing was kept.`,
  )
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

function broken(what: string): AppError {
  return new AppError('invalid', `Reading the backup: ${what}: take another backup.`)
}
