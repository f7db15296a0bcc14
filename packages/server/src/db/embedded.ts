/**
 * The embedded database, as the rest sees it: in a thread of its own (embedded-thread.ts), which prepares each statement once.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { EmbeddedWire } from './embedded-wire.ts'
import { EmbeddedConnection } from './prepared-statements.ts'

/**
 * V8 compiles the hot parts of a WebAssembly module again with its optimizing compiler. For PostgreSQL's largest functions that takes
 * 500 MB for some seconds and as much CPU as the rest of the start, and its queries are hardly quicker for it: the first compiler's
 * code is good enough.
 */
const FIRST_COMPILER_ONLY = ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering']

/**
 * Opens (or creates) the database in a folder.
 *
 * @param onFsync called after each fsync that reached the host, for the test that counts them
 */
export async function openEmbedded(folder: string, onFsync: () => void = () => {}): Promise<EmbeddedConnection> {
  for (const flag of FIRST_COMPILER_ONLY) setFlagsFromString(flag)
  return EmbeddedConnection.open(await EmbeddedWire.open(folder, onFsync))
}
