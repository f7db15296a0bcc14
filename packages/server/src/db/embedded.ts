/**
 * The embedded database, as the rest sees it: in a thread of its own (embedded-thread.ts), which prepares each statement once.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EmbeddedWire } from './embedded-wire.ts'
import { EmbeddedConnection } from './prepared-statements.ts'

/**
 * Opens (or creates) the database in a folder.
 *
 * @param onFsync called after each fsync that reached the host, for the test that counts them
 */
export async function openEmbedded(folder: string, onFsync: () => void = () => {}): Promise<EmbeddedConnection> {
  if (!existsSync(join(folder, 'PG_VERSION'))) await create(folder)
  return EmbeddedConnection.open(await EmbeddedWire.open(folder, onFsync))
}

/**
 * Beside the folder, which gets it when it is whole: who dies meanwhile leaves nothing that looks like a database. And in a thread that ends, since
 * creating takes three times the memory that working takes.
 */
async function create(folder: string): Promise<void> {
  const draft = `${folder}.new`
  await rm(draft, { recursive: true, force: true })
  const wire = await EmbeddedWire.open(draft, () => {})
  await wire.close()
  await rename(draft, folder)
}
