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
  /**
   * {@link READY} first; then a reply to each request, in their order, tagged with its number: the log's mark that has to be on the disk before
   * anybody hears of it, of {@link MARK_BYTES}, and the server's messages. The first request is number 1. In between, {@link LOG} and {@link SETTLED}.
   */
  readonly replies: PipeMemory
}

/**
 * What is counted: calls of fsync in the thread so far; requests that were run; the mark of the log up to which it is known outside the thread to
 * be on the disk; and whether the thread waits for the disk itself, as one of {@link DISK}.
 */
export const COUNT = { fsyncs: 0, run: 1, synced: 2, disk: 3 } as const
export const COUNTS = Object.keys(COUNT).length

/** The thread is not at the disk, and all that it wanted there is; waits for it; or was told that it failed, of which it dies. */
export const DISK = { idle: 0, busy: 1, failed: 2 } as const

/**
 * The tag of a request: the folder to open, which comes first, as text in UTF-8; messages of PostgreSQL's protocol that end with Sync or are
 * one Query; the same, and what they leave open of a transaction is rolled back before anything else runs; the end; or to bring the log to the disk,
 * which is answered by {@link SETTLED}.
 */
export const REQUEST = { open: 0, run: 1, runAlone: 2, close: 3, settle: 4 } as const

export const READY = 0
/** Before the first mark of a file of the write-ahead log: its path, as text in UTF-8. Marks behind it are of this file. */
export const LOG = 0xffff_ffff
/** What was answered before is on the disk. */
export const SETTLED = 0xffff_fffe

/** 32 bits without sign, from the most significant on. */
export const MARK_BYTES = 4
/** All is on the disk. */
export const NO_MARK = 0

/** Of a request, a reply or a mark, after the one before: 1 to 2^32 - 3, and then 1 again. Under full load that takes a month. */
export function nextNumber(number: number): number {
  return number === SETTLED - 1 ? READY + 1 : number + 1
}
