/**
 * An installation of any earlier schema, with rows in every table, is brought to today's: nothing is lost, and what the rows mean is the
 * same. On PostgreSQL from each migration on; the embedded database, whose statements are the same, goes a part of that way.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SCOPES } from '@evercert/contract'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { postgresTemplate } from '../../../../test/harness/database-templates.ts'
import { startPostgres, type Postgres } from '../../../../test/harness/postgres.ts'
import { listCertificates } from '../../src/db/certificate-list.ts'
import { countByStatus } from '../../src/db/certificate-tally.ts'
import { listMigrations, migrate, openDatabase, openEmptyDatabase, type Database, type Db } from '../../src/db/connect.ts'
import { fillListing } from '../../src/db/migrations/0009-certificate-list.ts'
import { toListFilter } from '../../src/domain/certificate/list-filter.ts'
import { openerOf, temporaryFolder } from '../support/databases.ts'
import { BALANCE_MINOR, earlierAccount, LISTED, type EarlierAccount } from '../support/rows-by-migration.ts'

/** What a later migration changes in rows that are there; each has its own test below. */
const CHANGED_ON_PURPOSE: Readonly<Record<string, readonly string[]>> = {
  access_token: ['scopes'],
  application: ['submitted_by'],
  certificate: ['advance_at'],
  review: ['decided_by'],
  target: ['places'],
}

const authority = createRoot()
const open = openerOf('embedded')
let migrations: readonly string[]

beforeAll(async () => {
  const database = await openDatabase((await open()).settings)
  migrations = await listMigrations(database.db)
  await database.close()
})

describe('PostgreSQL', () => {
  let server: Postgres
  beforeAll(async () => {
    server = await startPostgres({ dataTemplate: await postgresTemplate(), isForgetful: true })
  })
  afterAll(() => server.stop())

  test('from every earlier migration to the latest', async () => {
    const ladder = await server.createDatabase()
    const accounts: EarlierAccount[] = []
    for (const [index, name] of migrations.entries()) {
      const db = connect(ladder)
      await migrate(db, name)
      accounts.push(await fill(db, migrations.slice(0, index + 1)))
      const before = await snapshot(db)
      if (name === migrations.at(-1)) expectRowsInEveryTable(before)
      await db.destroy() // a database that is copied has no connection
      const url = await server.createDatabase({ template: new URL(ladder).pathname.slice(1) })
      const database = await openDatabase({ kind: 'postgres', url, maxConnections: 2 })
      await checkUpgraded(database, before, accounts, name)
      expect(await listMigrations(database.db)).toEqual(migrations)
      if (name === migrations.at(-1)) {
        await expectTheList(database.db, accounts)
        await expectListWorkedOutAnew(database)
      }
      await database.close()
    }
  })
})

describe('embedded', () => {
  test('from the first, by way of a later one, to the latest', async () => {
    const folder = join(temporaryFolder(), 'database')
    try {
      const accounts: EarlierAccount[] = []
      const old = await openEmptyDatabase({ kind: 'embedded', folder }, migrations.slice(0, 1))
      for (const last of ['0001-initial', '0011-listing-once']) {
        await migrate(old.db, last)
        accounts.push(await fill(old.db, migrations.slice(0, migrations.indexOf(last) + 1)))
      }
      const before = await snapshot(old.db)
      await old.close()
      const database = await openDatabase({ kind: 'embedded', folder })
      await checkUpgraded(database, before, accounts, 'the embedded database')
      expect(await listMigrations(database.db)).toEqual(migrations)
      await expectListWorkedOutAnew(database)
      await database.close()
    } finally {
      rmSync(join(folder, '..'), { recursive: true, force: true, maxRetries: 3 })
    }
  })
})

function connect(url: string): Db {
  return new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 1 }) }) })
}

async function fill(db: Db, applied: readonly string[]): Promise<EarlierAccount> {
  const leaf = authority.issue({ names: ['*.upload.example.com'], policies: ['2.23.140.1.1'] })
  const account = earlierAccount(applied, { pem: leaf.pem, sha256: leaf.sha256 })
  const statements = account.statements.map((statement) => `execute $row$${statement}$row$;`).join('\n')
  await sql.raw(`do $all$ begin ${statements} end $all$`).execute(db)
  return account
}

/** Rows of each table. */
type Snapshot = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>

async function snapshot(db: Db): Promise<Snapshot> {
  const tables = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'kysely%'`.execute(db)
  const of = tables.rows.map(({ name }) => sql`select ${name} as name, to_jsonb(t) as row from ${sql.table(name)} t`)
  const { rows } = await sql<{ name: string; row: Record<string, unknown> }>`${sql.join(of, sql` union all `)}`.execute(db)
  return new Map(tables.rows.map(({ name }) => [name, rows.filter((each) => each.name === name).map(({ row }) => row)]))
}

/** Sums and changes of tallies are one figure: see `expectTheList`. */
const WORKED_OUT = ['certificate_tally', 'certificate_tally_change']

function expectRowsInEveryTable(rows: Snapshot): void {
  const empty = [...rows].filter(([name, { length }]) => length === 0 && name !== 'certificate_tally').map(([name]) => name)
  expect(empty, 'tables without rows: add some to test/support/rows-by-migration.ts').toEqual([])
}

/** Every row is there with the values that it had. */
function expectKept(before: Snapshot, after: Snapshot, from: string): void {
  for (const [table, rows] of before) {
    if (WORKED_OUT.includes(table)) continue
    const columns = Object.keys(rows[0] ?? {}).filter((column) => !CHANGED_ON_PURPOSE[table]?.includes(column))
    const text = (row: Readonly<Record<string, unknown>>): string => JSON.stringify(columns.map((column) => row[column]))
    const kept = new Set((after.get(table) ?? []).map(text))
    expect(
      rows.map(text).filter((row) => !kept.has(row)),
      `${table}, from ${from}`,
    ).toEqual([])
  }
}

async function checkUpgraded(
  database: Database,
  before: Snapshot,
  accounts: readonly EarlierAccount[],
  from: string,
): Promise<void> {
  const { db } = database
  const after = await snapshot(db)
  expectKept(before, after, from)
  expectMoney(after, accounts)
  expectPermissions(after, accounts)
  expectWhatIsWatched(after)
  expectNames(after, accounts)
  await expectTheList(db, accounts.slice(-1))
}

/** Triggers and migrations have kept the list as it would be if it were made from nothing. */
async function expectListWorkedOutAnew({ db }: Database): Promise<void> {
  const kept = await snapshot(db)
  await sql`truncate certificate_listing, certificate_token`.execute(db)
  await fillListing(db as never)
  const filled = await snapshot(db)
  for (const table of ['certificate_listing', 'certificate_token'])
    expect(sorted(filled.get(table)), `${table} made anew`).toEqual(sorted(kept.get(table)))
}

function sorted(rows: Snapshot extends ReadonlyMap<string, infer Rows> ? Rows | undefined : never): string[] {
  return (rows ?? []).map((row) => JSON.stringify(row)).toSorted()
}

function expectMoney(rows: Snapshot, accounts: readonly EarlierAccount[]): void {
  const sums = new Map<unknown, number>()
  for (const entry of rows.get('ledger_entry') ?? [])
    for (const key of [entry['transaction_id'], entry['ledger_account']])
      sums.set(key, (sums.get(key) ?? 0) + Number(entry['amount_minor']))
  for (const transaction of rows.get('ledger_transaction') ?? []) expect(sums.get(transaction['id'])).toBe(0)
  for (const { accountId } of accounts) {
    expect(sums.get(`customer:${accountId}`)).toBe(BALANCE_MINOR)
    const balance = rows.get('balance')?.find((row) => row['account_id'] === accountId)
    expect(balance).toMatchObject({ amount_minor: BALANCE_MINOR, currency: 'CNY' })
  }
}

/** Who had all permissions has all; nobody else has more than before. */
function expectPermissions(rows: Snapshot, accounts: readonly EarlierAccount[]): void {
  const scopesOf = (id: string): unknown => rows.get('access_token')?.find((row) => row['id'] === id)?.['scopes']
  for (const { key } of accounts) {
    expect((scopesOf(`tok_operator_${key}`) as string[]).toSorted()).toEqual([...SCOPES].toSorted())
    expect(scopesOf(`tok_reader_${key}`)).toEqual(['certificates:read'])
  }
}

/** What a migration set so that the service looks at it again, or knows it. */
function expectWhatIsWatched(rows: Snapshot): void {
  const all = (table: string, id: RegExp): Readonly<Record<string, unknown>>[] =>
    (rows.get(table) ?? []).filter((row) => id.test(String(row['id'])))
  expect(all('certificate', /^crt_(old|new|uploaded)_/).filter((row) => row['next_notice_at'] === null)).toEqual([])
  expect(all('certificate', /^crt_new_m00([01]|2[0-6])/).filter((row) => row['advance_at'] === null)).toEqual([])
  expect(all('application', /^app_(new|review)_m000[1-3]/).filter((row) => row['txt_remove_at'] === null)).toHaveLength(
    all('application', /^app_new_m000[1-3]/).length,
  )
  expect(all('endpoint', /^end_m00(0|1[0-4])/).filter((row) => row['probe_at'] === null)).toEqual([])
  const kinds = (id: RegExp) => new Set(all('endpoint', id).map((row) => row['key_kind']))
  expect([kinds(/^end_uploaded_/), kinds(/^end_m00/)]).toEqual([new Set(['ecdsa']), new Set([null])]) // of the other nobody can read the certificate
  expect(
    all('application', /^app_review_m00([01]|2[0-7])/).filter((row) => String(row['submitted_by']).startsWith('tok_')),
  ).toEqual([])
  expect(all('review', /^rvw_m00([01]|2[0-7])/).filter((row) => row['decided_by'] !== 'operator')).toEqual([])
  const known = all('issuance', /^iss_uploaded_m000[1-4]/).map((row) => [row['known_domain_type'], row['known_certificate_type']])
  expect(new Set(known.map((each) => each.join()))).toEqual(new Set(['wildcard,EV']))
}

/** Names belong to whoever had proved them, and everything that others refer to is there. */
function expectNames(rows: Snapshot, accounts: readonly EarlierAccount[]): void {
  const ownerOf = new Map((rows.get('name_claim') ?? []).map((row) => [row['name'], row['account_id']]))
  for (const { key, accountId } of accounts.filter(({ key: each }) => each < 'm0022'))
    for (const name of ['old', 'new']) expect(ownerOf.get(`${name}.${key}.example.com`)).toBe(accountId)
  expect([...ownerOf.keys()].filter((name) => String(name).startsWith('review.'))).toEqual([])
  const brands = (rows.get('brand') ?? []).map((row) => row['name'])
  expect(brands).toEqual(expect.arrayContaining(accounts.map(({ key }) => `brand-${key}`)))
  expect(rows.get('master_key')).toMatchObject([{ id: 'mk', seals: true }])
}

async function expectTheList(db: Db, accounts: readonly EarlierAccount[]): Promise<void> {
  const now = Date.now()
  for (const { key, accountId } of accounts) {
    const request = {
      accountId,
      now,
      limit: 100,
      filter: toListFilter({}),
      sort: { key: 'created', descending: false },
      after: null,
      longestWindowMs: 30 * 86_400_000,
    } as const
    const listed = await listCertificates(db, request)
    const names = ['empty', 'old', 'new', 'review', 'revoked', 'uploaded']
    expect(listed.map(({ certificateId }) => certificateId)).toEqual(names.map((name) => `crt_${name}_${key}`))
    const found = await listCertificates(db, { ...request, filter: toListFilter({ domain: `old.${key}.example.com` }) })
    expect(found.map(({ certificateId }) => certificateId)).toEqual([`crt_old_${key}`])
    expect(Object.fromEntries(await countByStatus(db, accountId, now))).toMatchObject(LISTED)
  }
}
