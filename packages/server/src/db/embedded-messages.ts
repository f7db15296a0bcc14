/**
 * What the embedded database's thread and the rest of the process say to each other.
 *
 * @module
 */
import type { MessagePort } from 'node:worker_threads'

/** What the thread is started with. The first message to its port is the folder. */
export interface EmbeddedThreadData {
  /** In shared memory, at the places of {@link COUNT}. */
  readonly counts: Int32Array<SharedArrayBuffer>
  readonly port: MessagePort
}

/** What is counted in shared memory: calls of fsync so far, and replies sent, which wakes whoever waits for that number to change. */
export const COUNT = { fsyncs: 0, replies: 1 } as const

/**
 * Messages of PostgreSQL's protocol; with `alone`, what they leave open of a transaction is rolled back before anything else runs; or the end.
 * Bytes that come without more are the common case.
 */
export type EmbeddedRequest = Uint8Array | { readonly alone: Uint8Array } | 'close'

/** `ready` first, then the server's messages for each request. */
export type EmbeddedReply = 'ready' | 'closed' | Uint8Array
