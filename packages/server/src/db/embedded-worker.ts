/**
 * Starts the thread of the embedded database: when it is needed, or before, so that it gets ready while the rest of the server is loaded.
 *
 * @module
 */
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
 * How V8 compiles PostgreSQL's WebAssembly. Each function when it is called first, so that the start waits only for those that it needs; what is
 * hot again by the optimizing compiler, which makes statements take half as long, but one at a time and without others inside, since each takes
 * memory while it is compiled. See also firstCompilerOnly in embedded-thread.ts.
 */
const COMPILER = [
  '--wasm-lazy-compilation',
  '--wasm-num-compilation-tasks=1',
  '--wasm-tiering-budget=2000000000', // bytes of code run; it has to fit 32 bits
  '--wasm-inlining-budget=0',
  '--wasm-inlining-max-size=0',
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
  })
  return { worker, shared }
}
