/**
 * What the embedded database's thread and the rest of the process say to each other.
 *
 * @module
 */
import type { PipeMemory } from './pipe.ts'

/** What the thread is started with. */
export interface EmbeddedThreadData {
  /** In shared memory, at the places of {@link COUNT}. */
  readonly counts: Int32Array<SharedArrayBuffer>
  readonly requests: PipeMemory
  /** {@link READY} first; then the server's messages for each request, not always in their order, tagged with its number. The first is number 1. */
  readonly replies: PipeMemory
}

/** What is counted: calls of fsync so far; and requests that were run, whether their replies were sent or wait for the disk. */
export const COUNT = { fsyncs: 0, run: 1 } as const
export const COUNTS = Object.keys(COUNT).length

/**
 * The tag of a request: the folder to open, which comes first, as text in UTF-8; messages of PostgreSQL's protocol that end with Sync or are
 * one Query; the same, and what they leave open of a transaction is rolled back before anything else runs; or the end.
 */
export const REQUEST = { open: 0, run: 1, runAlone: 2, close: 3 } as const

export const READY = 0

/** Of a request and its reply, after the one before: 1 to 2^32 - 1, and then 1 again. Under full load that takes a month. */
export function nextNumber(number: number): number {
  return number === 0xffff_ffff ? READY + 1 : number + 1
}
