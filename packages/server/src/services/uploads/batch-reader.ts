/**
 * Where a batch is read: a small one at once, a large one in a thread that is started when it is needed and ends when it is not.
 *
 * @module
 */
import { Worker } from 'node:worker_threads'
import { readBatch, type BatchRequest, type Read } from './read-batch.ts'

/** Fewer are read in less time than others would notice. */
const WORTH_A_THREAD = 20
const IDLE_MS = 10_000

interface Waiting {
  readonly resolve: (read: Read[]) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
  idle: NodeJS.Timeout | null
}

let thread: Thread | null = null
let lastId = 0

/** The entries in their order, each read or refused. */
export function readUploads(request: BatchRequest): Promise<Read[]> {
  if (request.entries.length < WORTH_A_THREAD) return Promise.resolve(readBatch(request))
  thread ??= startThread()
  const { worker, waiting, idle } = thread
  if (idle !== null) clearTimeout(idle)
  const id = (lastId += 1)
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    worker.postMessage({ id, ...request })
  })
}

function startThread(): Thread {
  const worker = new Worker(new URL('read-thread.ts', import.meta.url))
  const started: Thread = { worker, waiting: new Map(), idle: null }
  worker.on('message', ({ id, read }: { readonly id: number; readonly read: Read[] }) => {
    started.waiting.get(id)?.resolve(read)
    started.waiting.delete(id)
    if (started.waiting.size === 0) restUntilNeeded(started)
  })
  const onEnd = (error: Error): void => {
    if (thread === started) thread = null
    for (const { reject } of started.waiting.values()) reject(error)
    started.waiting.clear()
  }
  worker.on('error', onEnd)
  worker.on('exit', () => onEnd(new Error('the thread that reads uploads ended')))
  worker.unref() // whoever waits for an answer is kept alive by the request it came with
  return started
}

function restUntilNeeded(started: Thread): void {
  started.idle = setTimeout(() => {
    if (started.waiting.size > 0) return
    if (thread === started) thread = null
    void started.worker.terminate()
  }, IDLE_MS)
  started.idle.unref()
}
