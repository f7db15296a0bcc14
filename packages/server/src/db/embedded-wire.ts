/**
 * The way to the thread of the embedded database and back. The database has a core of its own, and waits for the disk without holding up
 * anybody else.
 *
 * @module
 */
import { receiveMessageOnPort } from 'node:worker_threads'
import { protocol } from '@electric-sql/pglite'
import type { parse } from '@electric-sql/pglite'
import { COUNT, NUMBER_BYTES, readNumber, type EmbeddedReply, type EmbeddedRequest } from './embedded-messages.ts'
import { takeThread, type EmbeddedThread } from './embedded-worker.ts'

export type Message = Parameters<typeof parse.parseResults>[0][number]

interface Waiting {
  readonly resolve: (messages: Message[]) => void
  readonly reject: (error: Error) => void
}

/**
 * How long the event loop may stand still for one statement. Most take well under one millisecond; what takes longer is waited for as
 * everything else is, and others go on meanwhile.
 */
const STAND_STILL_MS = 4

/** Requests are run in the order in which they were sent. Those of an open transaction are answered before commits that wait for the disk. */
export class EmbeddedWire {
  readonly #thread: EmbeddedThread
  readonly #waiting = new Map<number, Waiting>()
  readonly #parser = new protocol.Parser()
  readonly #ended = Promise.withResolvers<void>()
  readonly #onReply: () => void
  #lastNumber = 0
  #failure: Error | null = null

  private constructor(thread: EmbeddedThread, onReply: () => void) {
    this.#thread = thread
    this.#onReply = onReply
    thread.port.on('message', (reply: EmbeddedReply) => this.#receive(reply))
    thread.worker.on('error', (error: Error) => this.#fail(error))
    thread.worker.on('exit', () => {
      this.#fail(new Error('The embedded database was closed.'))
      thread.port.close()
      this.#ended.resolve()
    })
    this.#letEnd()
  }

  /**
   * Starts the thread, and resolves when the database is ready.
   *
   * @param onFsync called for each fsync that reached the host, before the reply to what caused it
   */
  static async open(folder: string, onFsync: () => void): Promise<EmbeddedWire> {
    const thread = takeThread()
    const { worker, port, counts } = thread
    let seen = 0
    const tellFsyncs = (): void => {
      for (const total = Atomics.load(counts, COUNT.fsyncs); seen < total; seen += 1) onFsync()
    }
    await new Promise<void>((resolve, reject) => {
      port.once('message', () => resolve())
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('The thread of the embedded database ended before it was ready.')))
      port.postMessage(folder)
    })
    return new EmbeddedWire(thread, tellFsyncs)
  }

  /** @param alone when nothing may stay open of a transaction that these messages begin. Rejects only when the database is gone */
  send(messages: readonly Uint8Array[], alone = false): Promise<Message[]> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    const bytes = join(messages)
    this.#post(alone ? { alone: bytes } : bytes)
    const number = (this.#lastNumber += 1)
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      if (this.#waiting.size === 1) this.#keepAlive()
    })
  }

  /**
   * As {@link send}, for what the whole database waits for: while a transaction is open it does nothing else, and an event loop with much
   * to do would come back to it late. So the reply is awaited on the spot, for {@link STAND_STILL_MS} at most; unless the database has more to
   * run, before it or behind it, which keeps it busy meanwhile.
   */
  sendAtOnce(messages: readonly Uint8Array[]): Promise<Message[]> {
    const answer = this.send(messages)
    const number = this.#lastNumber
    const { counts } = this.#thread
    queueMicrotask(() => {
      if (this.#lastNumber === number && Atomics.load(counts, COUNT.run) >= number - 1) this.#standStill(number)
    })
    return answer
  }

  /** What was sent before is done first. */
  async close(): Promise<void> {
    this.#keepAlive()
    if (this.#failure === null) this.#post('close')
    await this.#ended.promise
  }

  #post(request: EmbeddedRequest): void {
    this.#thread.port.postMessage(request)
  }

  #standStill(number: number): void {
    const { port, counts } = this.#thread
    while (this.#waiting.has(number)) {
      const replies = Atomics.load(counts, COUNT.replies)
      const received = receiveMessageOnPort(port) as { message: EmbeddedReply } | undefined
      if (received !== undefined) this.#receive(received.message)
      else if (Atomics.wait(counts, COUNT.replies, replies, STAND_STILL_MS) === 'timed-out') return
    }
  }

  #receive(reply: EmbeddedReply): void {
    this.#onReply()
    if (!(reply instanceof Uint8Array)) return
    const messages: Message[] = []
    this.#parser.parse(reply.subarray(NUMBER_BYTES), (message) => messages.push(message))
    const number = readNumber(reply)
    this.#waiting.get(number)?.resolve(messages)
    this.#waiting.delete(number)
    if (this.#waiting.size === 0) this.#letEnd()
  }

  /** A process that waits for an answer goes on. */
  #keepAlive(): void {
    this.#thread.worker.ref()
    this.#thread.port.ref()
  }

  /** One that has nothing else to do may end. */
  #letEnd(): void {
    this.#thread.worker.unref()
    this.#thread.port.unref()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
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
