/**
 * The embedded database, as the rest sees it: in a thread of its own (embedded-thread.ts), which prepares each statement once.
 *
 * @module
 */
import { EmbeddedWire } from './embedded-wire.ts'
import { EmbeddedConnection } from './prepared-statements.ts'

/**
 * Opens (or creates) the database in a folder.
 *
 * @param onFsync called after each fsync that reached the host, for the test that counts them
 */
export async function openEmbedded(folder: string, onFsync: () => void = () => {}): Promise<EmbeddedConnection> {
  return EmbeddedConnection.open(await EmbeddedWire.open(folder, onFsync))
}
