/**
 * One suite on both databases: embedded in a copied folder, and in a real PostgreSQL that the files of a run share.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, inject } from 'vitest'
import { embeddedTemplate, postgresTemplate, TEMPLATE_DATABASE } from '../../../../test/harness/database-templates.ts'
import { copyFolder } from '../../../../test/harness/folders.ts'
import { databasesAt, startPostgres } from '../../../../test/harness/postgres.ts'
import type {} from '../../../../test/harness/shared-postgres.ts'
import type { DatabaseSettings } from '../../src/db/connect.ts'

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
 * Runs a suite of many cases, whose rules are the same code on both databases, on the embedded one; with `EVERCERT_TEST_LONG=1` on each.
 */
export function oneDatabase(suite: (kind: DatabaseKind, open: Open) => void): void {
  if (process.env['EVERCERT_TEST_LONG'] === '1') return eachDatabase(suite)
  suite('embedded', openerOf('embedded'))
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
  let postgres: Promise<Databases> | null = null
  afterAll(async () => {
    await (await postgres)?.end()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return async () => {
    const dataDir = temporaryFolder()
    folders.push(dataDir)
    if (kind === 'embedded') {
      const folder = join(dataDir, 'database')
      copyFolder(await embeddedTemplate(), folder)
      return { kind, dataDir, databaseUrl: null, settings: { kind, folder } }
    }
    postgres ??= openPostgres()
    const databaseUrl = await (await postgres).create()
    return { kind, dataDir, databaseUrl, settings: { kind, url: databaseUrl, maxConnections: 5 } }
  }
}

interface Databases {
  create(): Promise<string>
  end(): Promise<void>
}

/** In the server of the run, or in one of this file's own where the run has none. */
async function openPostgres(): Promise<Databases> {
  const port = inject('postgresPort')
  if (port !== undefined) {
    const databases = databasesAt(port, TEMPLATE_DATABASE)
    return { create: () => databases.create(), end: () => databases.dropAll() }
  }
  // Nobody kills this server, so it need not wait for the disk.
  const server = await startPostgres({ dataTemplate: await postgresTemplate(), isForgetful: true })
  return { create: () => server.createDatabase({ template: TEMPLATE_DATABASE }), end: () => server.stop() }
}
