/**
 * Databases with today's schema and nothing in them. Making one takes seconds and copying one does not: each is made once for each schema,
 * and kept beside the dependencies.
 *
 * @module
 */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase, type Database } from '../../packages/server/src/db/connect.ts'
import { startQueue } from '../../packages/server/src/db/queue.ts'
import { startPostgres } from './postgres.ts'

/** The database in {@link postgresTemplate}. */
export const TEMPLATE_DATABASE = 'evercert_template'

const ROOT = join(import.meta.dirname, '../..')
const CACHE = join(ROOT, 'node_modules/.cache/evercert-test')

/** @returns the folder of an embedded database that nobody has open */
export function embeddedTemplate(): Promise<string> {
  return kept('embedded', async (folder) => {
    const database = await openDatabase({ kind: 'embedded', folder })
    await closeAfterQueue(database, null)
  })
}

/** @returns the data folder of a PostgreSQL server that does not run, with {@link TEMPLATE_DATABASE} */
export function postgresTemplate(): Promise<string> {
  return kept('postgres', async (folder) => {
    const server = await startPostgres({ keepDataIn: folder })
    const url = await server.createDatabase({ name: TEMPLATE_DATABASE })
    await closeAfterQueue(await openDatabase({ kind: 'postgres', url }), url)
    await server.stop()
  })
}

async function kept(kind: string, make: (folder: string) => Promise<void>): Promise<string> {
  const template = join(CACHE, `${kind}-${schemaHash()}`)
  if (existsSync(template)) return template
  const making = join(CACHE, `making-${randomUUID()}`)
  mkdirSync(CACHE, { recursive: true })
  await make(making)
  try {
    renameSync(making, template)
  } catch {
    rmSync(making, { recursive: true, force: true }) // another worker was quicker
  }
  return template
}

async function closeAfterQueue(database: Database, url: string | null): Promise<void> {
  await (await startQueue(database, url)).stop()
  await database.close()
}

/** Changes with every migration and with the versions that lay out the files. */
function schemaHash(): string {
  const sources = join(ROOT, 'packages/server/src/db')
  const migrations = readdirSync(join(sources, 'migrations')).toSorted()
  const files = [...migrations.map((name) => join('migrations', name)), 'queue.ts']
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(sources, file)))
  for (const name of ['@electric-sql/pglite', 'pg-boss'])
    hash.update(readFileSync(join(ROOT, 'node_modules', name, 'package.json')))
  return hash.digest('hex').slice(0, 16)
}
