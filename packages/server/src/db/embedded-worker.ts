/**
 * Starts the thread of the embedded database: when it is needed, or before, so that it gets ready while the rest of the server is loaded.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { COUNTS, type EmbeddedThreadData } from './embedded-messages.ts'

export interface EmbeddedThread {
  readonly worker: Worker
  /** Where requests go and replies come from: unlike the worker's own, this one can also be read while the event loop stands still. */
  readonly port: MessagePort
  /** In shared memory, as {@link EmbeddedThreadData} says. */
  readonly counts: Int32Array<SharedArrayBuffer>
}

/**
 * V8 compiles the hot parts of a WebAssembly module again with its optimizing compiler. For PostgreSQL's largest functions that takes
 * 500 MB for some seconds and as much CPU as the rest of the start, and its queries are hardly quicker for it: the first compiler's
 * code is good enough.
 */
const FIRST_COMPILER_ONLY = ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering']
/** What the thread makes lives for one message. */
const resourceLimits = { maxYoungGenerationSizeMb: 2 }

let spare: EmbeddedThread | null = null

/** Starts a thread for the database that is opened next. It opens nothing by itself, and lets the process end. */
export function prepareThread(): void {
  spare ??= startThread()
  spare.worker.unref()
  spare.port.unref()
}

/** The thread that was prepared, or another. */
export function takeThread(): EmbeddedThread {
  const thread = spare ?? startThread()
  spare = null
  thread.worker.ref()
  thread.port.ref()
  return thread
}

function startThread(): EmbeddedThread {
  for (const flag of FIRST_COMPILER_ONLY) setFlagsFromString(flag)
  const counts = new Int32Array(new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT))
  const { port1: port, port2 } = new MessageChannel()
  const workerData: EmbeddedThreadData = { counts, port: port2 }
  const worker = new Worker(new URL('embedded-thread.ts', import.meta.url), {
    workerData,
    transferList: [port2],
    name: 'database',
    resourceLimits,
  })
  return { worker, port, counts }
}
