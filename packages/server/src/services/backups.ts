/**
 * Backups of the installation: every row of one moment, while the service runs.
 *
 * @module
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { listMigrations, type Db } from '../db/connect.ts'
import { listTables, readTable, settleFormat } from '../db/copy/read.ts'
import type { ExportFile } from './certificate-export.ts'
import type { Services } from './context.ts'
import { findNeededKeyIds } from './keyring.ts'

/** The first line of a copy. */
export interface CopyHeader {
  readonly evercert: 'backup'
  readonly format: 1
  readonly version: string
  readonly createdAt: string
  /** What made the schema: the rows fit into one that is made by the same. */
  readonly migrations: readonly string[]
  /** Master keys that its secrets need: said at once, so that nothing is restored that would never open. */
  readonly keys?: readonly string[] | undefined
}

export const COPY_END = '{"end":true}'
/** Most of a backup is certificates and hex digits: more effort gains a few per cent and takes twice the time. */
const COMPRESSION = { level: constants.Z_BEST_SPEED }

/**
 * Written to a file first, in a folder for this user alone: whoever reads the body slowly must not keep the one transaction open, which the
 * whole embedded database waits for.
 */
export async function createBackup(services: Services): Promise<ExportFile> {
  const { db, version } = services
  const createdAt = new Date(services.now()).toISOString()
  const folder = await mkdtemp(join(tmpdir(), 'evercert-backup-'))
  const file = join(folder, 'rows')
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await pipeline(
      Readable.from(withBreaks(copyLines(db, { version, createdAt }))),
      createGzip(COMPRESSION),
      createWriteStream(file, { mode: 0o600 }),
    )
  } catch (error) {
    await remove()
    throw error
  }
  const body = createReadStream(file)
  body.once('close', () => void remove())
  return {
    headers: {
      'content-type': 'application/gzip',
      'content-disposition': `attachment; filename="evercert-${createdAt.slice(0, 10)}.rows.gz"`,
    },
    body: Readable.toWeb(body) as ReadableStream<Uint8Array>,
  }
}

/** The lines of the whole installation, of one moment: header, tables, end. The transaction lasts until the last line was taken. */
export async function* copyLines(db: Db, facts: Pick<CopyHeader, 'version' | 'createdAt'>): AsyncGenerator<string> {
  const trx = await db.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute()
  try {
    await settleFormat(trx)
    const [migrations, keys] = [await listMigrations(trx), await findNeededKeyIds(trx)]
    const header: CopyHeader = { evercert: 'backup', format: 1, ...facts, migrations, keys }
    yield JSON.stringify(header)
    for (const start of await listTables(trx)) yield* readTable(trx, start)
    yield COPY_END
  } finally {
    await trx.rollback().execute() // nothing was written
  }
}

async function* withBreaks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}
