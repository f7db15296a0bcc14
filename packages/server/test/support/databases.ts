/**
 * One suite on both databases: embedded in a copied folder, and a real PostgreSQL that the file starts once.
 *
 * @module
 */
import { createHash, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { startPostgres, type Postgres } from '../../../../test/harness/postgres.ts'
import { openDatabase, type Database, type DatabaseSettings } from '../../src/db/connect.ts'
import { startQueue } from '../../src/db/queue.ts'

export type DatabaseKind = 'embedded' | 'postgres'

/** A fresh, empty database with a data folder beside it. Both go away after the suite. */
export interface TestDatabase {
  readonly kind: DatabaseKind
  readonly dataDir: string
  /** Null when embedded: it is then in `dataDir/database`. */
  readonly databaseUrl: string | null
  readonly settings: DatabaseSettings
}

type Open = () => Promise<TestDatabase>

/** Runs the same suite on each database; `open` gives a fresh one at each call. */
export function eachDatabase(suite: (kind: DatabaseKind, open: Open) => void): void {
  describe('embedded', () => {
    suite('embedded', openerOf('embedded'))
  })
  describe('PostgreSQL', () => {
    suite('postgres', openerOf('postgres'))
  })
}

/**
 * For what one connection cannot show (races, lock order): `test.runIf(isPostgres(kind))` reports it as skipped on the embedded
 * database.
 */
export function isPostgres(kind: DatabaseKind): boolean {
  return kind === 'postgres'
}

/** A folder that goes away after the suite; call it while tests run or in a hook's scope. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'evercert-server-'))
}

/** Gives a fresh database at each call; for suites of one database. */
export function openerOf(kind: DatabaseKind): Open {
  const folders: string[] = []
  let server: Promise<Postgres> | null = null
  afterAll(async () => {
    await (await server)?.stop()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return async () => {
    const dataDir = temporaryFolder()
    folders.push(dataDir)
    if (kind === 'embedded') {
      const folder = join(dataDir, 'database')
      cpSync(await embeddedTemplate(), folder, { recursive: true })
      return { kind, dataDir, databaseUrl: null, settings: { kind, folder } }
    }
    server ??= startPostgres()
    const databaseUrl = await (await server).createDatabase()
    return { kind, dataDir, databaseUrl, settings: { kind, url: databaseUrl, maxConnections: 5 } }
  }
}

const ROOT = join(import.meta.dirname, '../../../..')
const CACHE = join(ROOT, 'node_modules/.cache/evercert-test')

/** Making an embedded database takes seconds and copying one does not: made once for each schema, and kept beside the dependencies. */
async function embeddedTemplate(): Promise<string> {
  const template = join(CACHE, `embedded-${schemaHash()}`)
  if (existsSync(template)) return template
  const making = join(CACHE, `making-${randomUUID()}`)
  mkdirSync(CACHE, { recursive: true })
  const database = await openDatabase({ kind: 'embedded', folder: making })
  await closeAfterQueue(database)
  try {
    renameSync(making, template)
  } catch {
    rmSync(making, { recursive: true, force: true }) // another worker was quicker
  }
  return template
}

async function closeAfterQueue(database: Database): Promise<void> {
  await (await startQueue(database, null)).stop()
  await database.close()
}

/** Changes with every migration and with the versions that lay out the files. */
function schemaHash(): string {
  const migrations = join(import.meta.dirname, '../../src/db/migrations')
  const hash = createHash('sha256')
  for (const file of readdirSync(migrations).toSorted()) hash.update(readFileSync(join(migrations, file)))
  for (const name of ['@electric-sql/pglite', 'pg-boss'])
    hash.update(readFileSync(join(ROOT, 'node_modules', name, 'package.json')))
  return hash.digest('hex').slice(0, 16)
}
