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

/**
 * What is counted in shared memory: calls of fsync so far; replies sent, which wakes whoever waits for that number to change; and requests
 * that were run, whether their replies were sent or wait for the disk.
 */
export const COUNT = { fsyncs: 0, replies: 1, run: 2 } as const
export const COUNTS = Object.keys(COUNT).length

/**
 * Messages of PostgreSQL's protocol that end with Sync or are one Query; with `alone`, what they leave open of a transaction is rolled back before
 * anything else runs; or the end. Bytes that come without more are the common case.
 */
export type EmbeddedRequest = Uint8Array | { readonly alone: Uint8Array } | 'close'

/** `ready` first, then for each request, not always in their order, its number and the server's messages. */
export type EmbeddedReply = 'ready' | 'closed' | Uint8Array

/** Bytes at the beginning of a reply that hold the number of its request; the first request is number 1. */
export const NUMBER_BYTES = 4

export function writeNumber(reply: Uint8Array, number: number): void {
  new DataView(reply.buffer, reply.byteOffset).setUint32(0, number)
}

export function readNumber(reply: Uint8Array): number {
  return new DataView(reply.buffer, reply.byteOffset).getUint32(0)
}
