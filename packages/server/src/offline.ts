/**
 * What is done to an installation while its service is stopped: restoring a backup, trying one, and moving to another database.
 *
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import packageJson from '../package.json' with { type: 'json' }
import { openTokenMasterKeys } from './adapters/secrets/index.ts'
import { parseMasterKeys } from './adapters/secrets/master-key-file.ts'
import { ConfigError, loadConfig, type Config } from './config/config.ts'
import { migrate, openDatabase, openEmptyDatabase, type Database, type DatabaseSettings } from './db/connect.ts'
import { writeTables, type CopiedTable } from './db/copy/write.ts'
import { lockFolder, takeDataFolder } from './db/lock.ts'
import type { Trx } from './db/transition.ts'
import { AppError } from './domain/errors.ts'
import { COPY_END, copyLines, type CopyHeader } from './services/backups.ts'
import { findNeededKeyIds } from './services/keyring.ts'

export { AppError, ConfigError }

/** Files of the data folder that may be in a backup, beside the rows; `evercert backup` puts them in. */
const FILES = ['master.key', 'operator.token'] as const
type FileName = (typeof FILES)[number]

/** What was copied, and that what is stored is what was read. */
export interface CopyReport {
  /** ISO 8601; when the rows were as they are here. */
  readonly createdAt: string
  /** Of the Evercert that wrote it. */
  readonly version: string
  readonly tables: readonly CopiedTable[]
  readonly files: readonly string[]
  /** PostgreSQL or embedded, as the service's start-up lines say. */
  readonly database: 'embedded' | 'postgres'
  readonly dataDir: string
}

/** The first line of a backup: what is not in the database. */
const filesLine = z.strictObject({ files: z.partialRecord(z.enum(FILES), z.string()) })
const headerLine = z.looseObject({
  evercert: z.literal('backup'),
  format: z.literal(1),
  version: z.string(),
  createdAt: z.iso.datetime(),
  migrations: z.array(z.string()),
  keys: z.array(z.string()).optional(),
})
/** The migration since which the database says which keys it needs. */
const WITH_MASTER_KEYS = '0026-master-keys'
/** A row with a large document in it; no more is kept in memory. */
const MAX_LINE_BYTES = 64_000_000

/**
 * Restores into an empty data folder and an empty database, or not at all.
 *
 * @param source gzip of lines, decrypted
 * @throws ConfigError, AppError `conflict` when something is there, `invalid` for what is no whole backup, `misconfigured` without its master key
 */
export async function restoreBackup(environment: NodeJS.ProcessEnv, source: AsyncIterable<Uint8Array>): Promise<CopyReport> {
  const config = loadConfig(environment)
  const unlock = takeDataFolder(config.dataDir)
  try {
    return await restoreInto(config, source)
  } finally {
    unlock()
  }
}

/** Restores into a folder that goes away: the drill. What it says would be what a restoration gives. @throws as {@link restoreBackup} */
export async function tryBackup(environment: NodeJS.ProcessEnv, source: AsyncIterable<Uint8Array>): Promise<CopyReport> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-drill-'))
  try {
    const { EVERCERT_DATABASE_URL: _elsewhere, ...rest } = environment
    return await restoreInto(loadConfig({ ...rest, EVERCERT_DATA_DIR: folder }), source)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Copies the embedded database of the data folder into the empty PostgreSQL of `EVERCERT_DATABASE_URL`, of this very schema. Then the old
 * one gets the name `database.moved`, so that no start without the URL goes on with it.
 *
 * @throws ConfigError, AppError `conflict` while the service runs or when something is there, `misconfigured` without a URL
 */
export async function moveToPostgres(environment: NodeJS.ProcessEnv): Promise<CopyReport> {
  const config = loadConfig(environment)
  if (config.databaseUrl === null)
    throw new AppError('misconfigured', 'Moving to PostgreSQL: EVERCERT_DATABASE_URL is not set: set it to the empty database.')
  const folder = join(config.dataDir, 'database')
  if (!existsSync(folder))
    throw new AppError('notFound', `Moving to PostgreSQL: there is no embedded database in ${config.dataDir}.`)
  const unlock = lockFolder(config.dataDir)
  let from: Database | null = null
  try {
    from = await openDatabase({ kind: 'embedded', folder })
    const facts = { version: packageJson.version, createdAt: new Date().toISOString() }
    const report = await load(config, copyLines(from.db, facts), {})
    await from.close()
    from = null
    renameSync(folder, `${folder}.moved`)
    return report
  } finally {
    await from?.close()
    unlock()
  }
}

async function restoreInto(config: Config, source: AsyncIterable<Uint8Array>): Promise<CopyReport> {
  const taken = [...FILES, 'database'].find((name) => existsSync(join(config.dataDir, name)))
  if (taken !== undefined)
    throw new AppError('conflict', `Restoring into ${config.dataDir}: ${taken} is there already: give an empty folder.`)
  const lines = toLines(unzipped(source))
  const { files } = parseLine(filesLine, (await take(lines)) ?? '')
  const report = await load(config, lines, files)
  rmSync(join(config.dataDir, 'audit.checkpoint'), { force: true }) // of a log that went on further than the backup
  for (const name of report.files)
    writeFileSync(join(config.dataDir, name), files[name as FileName] ?? '', { mode: 0o600, flag: 'wx' })
  return report
}

async function load(
  config: Config,
  lines: AsyncIterator<string>,
  files: Readonly<Partial<Record<FileName, string>>>,
): Promise<CopyReport> {
  const header: CopyHeader = parseLine(headerLine, (await take(lines)) ?? '')
  const { keys = [] } = header // earlier backups have their keys among the rows alone
  await refuseOtherKey(config, files, keys)
  const folder = join(config.dataDir, 'database')
  const settings: DatabaseSettings =
    config.databaseUrl === null ? { kind: 'embedded', folder } : { kind: 'postgres', url: config.databaseUrl }
  if (config.databaseUrl === null) mkdirSync(folder, { mode: 0o700 })
  let database: Database | null = null
  let isDone = false
  try {
    database = await openEmptyDatabase(settings, header.migrations)
    const tables = await database.db.transaction().execute(async (trx) => {
      const written = await writeTables(trx, lines)
      if ((await take(lines)) !== COPY_END) throw notWhole()
      const needed = await findNeededKeys(trx, header.migrations)
      if (needed.some((id) => !keys.includes(id))) await refuseOtherKey(config, files, needed)
      return written
    })
    await migrate(database.db)
    isDone = true
    const { createdAt, version } = header
    return { createdAt, version, tables, files: Object.keys(files), database: database.kind, dataDir: config.dataDir }
  } finally {
    await lines.return?.() // whoever reads them from a database has a transaction open there
    await database?.close()
    if (!isDone && config.databaseUrl === null) rmSync(folder, { recursive: true, force: true })
  }
}

/** Before there was a table of keys, the records alone tell. */
async function findNeededKeys(trx: Trx, migrations: readonly string[]): Promise<string[]> {
  if (migrations.includes(WITH_MASTER_KEYS)) return findNeededKeyIds(trx)
  const rows = await trx.selectFrom('secret').select('master_key_id').distinct().execute()
  return rows.map(({ master_key_id: id }) => id)
}

/** Without the keys that sealed them the restored secrets could never be opened. */
async function refuseOtherKey(
  config: Config,
  files: Readonly<Partial<Record<FileName, string>>>,
  sealedWith: readonly string[],
): Promise<void> {
  if (sealedWith.length === 0) return
  const text = config.masterKey ?? files['master.key'] ?? readIfThere(join(config.dataDir, 'master.key'))
  if (text === null && config.masterKeyToken === null)
    throw new AppError(
      'misconfigured',
      `Restoring: the master key is not in the backup: ${sealedWith.some(isOfToken) ? TOKEN_REMEDY : 'set EVERCERT_MASTER_KEY to it'}, and restore again.`,
    )
  const given = new Set([
    ...(text === null ? [] : parseMasterKeys(text, 'the master key').map(({ id }) => id)),
    ...(await listTokenKeys(config)),
  ])
  const missing = sealedWith.filter((id) => !given.has(id))
  if (missing.length > 0) {
    throw new AppError(
      'misconfigured',
      `Restoring: the master key is not the one that sealed these secrets: give ${missing.join(', ')}${given.size > 0 ? ' as well' : ''}${missing.some(isOfToken) ? ` (p11-: ${TOKEN_REMEDY})` : ''}.`,
    )
  }
}

const TOKEN_REMEDY =
  'it is in a PKCS#11 token: set EVERCERT_MASTER_KEY_PKCS11_MODULE and what belongs to it, with that token or a copy of it'

function isOfToken(id: string): boolean {
  return id.startsWith('p11-')
}

async function listTokenKeys({ masterKeyToken }: Config): Promise<readonly string[]> {
  if (masterKeyToken === null) return []
  const keys = await openTokenMasterKeys(masterKeyToken)
  try {
    return keys.list().map(({ id }) => id)
  } finally {
    await keys.close()
  }
}

function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

/** Who stops reading ends the source too. `compose` would now and then tell that as an error that nobody can catch. */
function unzipped(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const unzip = createGunzip()
  pipeline(Readable.from(source), unzip, () => {}) // what goes wrong is told to who reads
  return unzip as AsyncIterable<Uint8Array>
}

/** Lines end with \n alone: rows may hold every other character that some take for the end of a line. */
async function* toLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of bytes) {
      let from = 0
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, at)]).toString('utf8')
        rest = []
        size = 0
        from = at + 1
      }
      rest.push(Buffer.from(chunk.subarray(from)))
      size += chunk.length - from
      if (size > MAX_LINE_BYTES) throw notWhole()
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('invalid', 'Reading the backup: it is damaged or not complete: use another.', { cause: error })
  }
}

async function take(lines: AsyncIterator<string>): Promise<string | null> {
  const { value, done } = await lines.next()
  return done === true ? null : value
}

function parseLine<Value>(schema: z.ZodType<Value>, line: string): Value {
  try {
    return schema.parse(JSON.parse(line))
  } catch (cause) {
    throw new AppError('invalid', 'Reading the backup: it does not begin as one does: give a file of "evercert backup".', {
      cause,
    })
  }
}

function notWhole(): AppError {
  return new AppError('invalid', 'Reading the backup: it is not whole: use another.')
}
