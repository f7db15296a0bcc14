/**
 * Starts the thread of the embedded database: when it is needed, or before, so that it gets ready while the rest of the server is loaded.
 *
 * @module
 */
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { COUNTS, type EmbeddedThreadData } from './embedded-messages.ts'
import { createPipe } from './pipe.ts'

export interface EmbeddedThread {
  readonly worker: Worker
  /** What it shares with the rest. */
  readonly shared: EmbeddedThreadData
}

/**
 * How V8 compiles PostgreSQL's WebAssembly: each function when it is called first, so that the start waits only for those that it needs, and by
 * its first compiler alone, but those that the program says are hot (embedded-program.ts). For all of it the optimizing one would take 600 MB for
 * some seconds.
 */
const COMPILER = [
  '--wasm-lazy-compilation',
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  '--experimental-wasm-compilation-hints',
]
/** What the thread makes lives for one message. */
const resourceLimits = { maxYoungGenerationSizeMb: 2 }

let spare: EmbeddedThread | null = null

/** Starts a thread for the database that is opened next. It opens nothing by itself, and lets the process end. */
export function prepareThread(): void {
  spare ??= startThread()
  spare.worker.unref()
}

/** The thread that was prepared, or another. */
export function takeThread(): EmbeddedThread {
  const thread = spare ?? startThread()
  spare = null
  thread.worker.ref()
  return thread
}

function startThread(): EmbeddedThread {
  for (const flag of COMPILER) setFlagsFromString(flag)
  const counts = new Int32Array(new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT))
  const shared: EmbeddedThreadData = { counts, requests: createPipe(), replies: createPipe() }
  const worker = new Worker(new URL('embedded-thread.ts', import.meta.url), {
    workerData: shared,
    name: 'database',
    resourceLimits,
    env: cacheAsHere(),
  })
  return { worker, shared }
}

/** All that the thread needs of an environment: what it loads from the compile cache needs no stripping of types, which takes 18 MB for each thread. */
function cacheAsHere(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir()
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}
