/**
 * The way to the thread of the embedded database and back. The database has a core of its own, and waits for the disk without holding up
 * anybody else.
 *
 * @module
 */
import type { Worker } from 'node:worker_threads'
import { protocol } from '@electric-sql/pglite'
import type { parse } from '@electric-sql/pglite'
import type { EmbeddedReply, EmbeddedRequest } from './embedded-thread.ts'
import { takeThread } from './embedded-worker.ts'

export type Message = Parameters<typeof parse.parseResults>[0][number]

interface Waiting {
  readonly resolve: (messages: Message[]) => void
  readonly reject: (error: Error) => void
}

/** Requests are answered in the order in which they were sent. */
export class EmbeddedWire {
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  readonly #parser = new protocol.Parser()
  readonly #ended = Promise.withResolvers<void>()
  #failure: Error | null = null

  private constructor(worker: Worker, onReply: () => void) {
    this.#worker = worker
    worker.on('message', (reply: EmbeddedReply) => {
      onReply()
      if (reply instanceof Uint8Array) this.#answer(reply)
    })
    worker.on('error', (error: Error) => this.#fail(error))
    worker.on('exit', () => {
      this.#fail(new Error('The embedded database was closed.'))
      this.#ended.resolve()
    })
  }

  /**
   * Starts the thread, and resolves when the database is ready.
   *
   * @param onFsync called for each fsync that reached the host, before the reply to what caused it
   */
  static async open(folder: string, onFsync: () => void): Promise<EmbeddedWire> {
    const { worker, fsyncs } = takeThread()
    let seen = 0
    const tellFsyncs = (): void => {
      for (const total = Atomics.load(fsyncs, 0); seen < total; seen += 1) onFsync()
    }
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('The thread of the embedded database ended before it was ready.')))
      worker.postMessage(folder)
    })
    return new EmbeddedWire(worker, tellFsyncs)
  }

  /** @param alone when nothing may stay open of a transaction that these messages begin. Rejects only when the database is gone */
  send(messages: readonly Uint8Array[], alone = false): Promise<Message[]> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    const bytes = join(messages)
    this.#post(alone ? { alone: bytes } : bytes)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      // A process that waits for an answer goes on; one that has nothing else to do may end.
      if (this.#waiting.length === 1) this.#worker.ref()
    })
  }

  /** What was sent before is done first. */
  async close(): Promise<void> {
    this.#worker.ref()
    if (this.#failure === null) this.#post('close')
    await this.#ended.promise
  }

  #post(request: EmbeddedRequest): void {
    this.#worker.postMessage(request)
  }

  #answer(reply: Uint8Array): void {
    const messages: Message[] = []
    this.#parser.parse(reply, (message) => messages.push(message))
    this.#waiting.shift()?.resolve(messages)
    if (this.#waiting.length === 0) this.#worker.unref()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

/** In memory of their own: what is posted takes along all of the memory that it is a part of. */
function join(messages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const message of messages) {
    bytes.set(message, at)
    at += message.length
  }
  return bytes
}
