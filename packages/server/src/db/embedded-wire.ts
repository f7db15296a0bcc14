/**
 * The way to the thread of the embedded database and back. The database has a core of its own, and waits for the disk without holding up
 * anybody else.
 *
 * @module
 */
import { Parser } from 'pg-protocol/dist/parser.js'
import { EmbeddedLog } from './embedded-log.ts'
import { COUNT, LOG, MARK_BYTES, nextNumber, NO_MARK, READY, REQUEST, SETTLED } from './embedded-messages.ts'
import type { Message } from './embedded-results.ts'
import { takeThread, type EmbeddedThread } from './embedded-worker.ts'
import { PipeReader, PipeWriter, type PipeMessage } from './pipe.ts'

interface Waiting {
  readonly resolve: (messages: Message[]) => void
  readonly reject: (error: Error) => void
}

/**
 * How long the event loop may stand still for one statement. Most take well under one millisecond; what takes longer is waited for as
 * everything else is, and others go on meanwhile.
 */
const STAND_STILL_MS = 4

/** While commits wait to be told, the event loop, which tells them, gets a turn this often. */
const MAX_HELD_MS = 10

/** How many requests may come first: those that the same transaction sent ahead. Behind more the event loop has time for others. */
const MAX_AHEAD = 3

/** Requests are run in the order in which they were sent. Replies within a transaction are told before those of commits that wait for the disk. */
export class EmbeddedWire {
  readonly #thread: EmbeddedThread
  readonly #requests: PipeWriter
  readonly #replies: PipeReader
  readonly #waiting = new Map<number, Waiting>()
  readonly #parser = new Parser()
  readonly #ready = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #onFsync: () => void
  readonly #log: EmbeddedLog
  #fsyncs = 0
  #lastNumber = 0
  #sent = 0
  #isFlushDue = false
  #turnedAt = 0
  #failure: Error | null = null

  private constructor(thread: EmbeddedThread, onFsync: () => void) {
    this.#thread = thread
    this.#requests = new PipeWriter(thread.shared.requests)
    this.#replies = new PipeReader(thread.shared.replies)
    this.#onFsync = onFsync
    this.#log = new EmbeddedLog({
      onLate: () => this.#requests.send(REQUEST.settle, []),
      onSynced: (mark) => {
        Atomics.store(thread.shared.counts, COUNT.synced, mark)
        onFsync()
      },
      onFailed: (error) => {
        this.#fail(error)
        void thread.worker.terminate()
      },
      diskOfThread: () => Atomics.load(thread.shared.counts, COUNT.disk),
    })
    thread.worker.on('error', (error: Error) => this.#fail(error))
    thread.worker.on('exit', () => {
      void this.#end()
    })
    this.#receive()
  }

  /**
   * Starts the thread, and resolves when the database is ready.
   *
   * @param onFsync called for each fsync that reached the host, before the reply to what caused it
   */
  static async open(folder: string, onFsync: () => void): Promise<EmbeddedWire> {
    const wire = new EmbeddedWire(takeThread(), onFsync)
    wire.#requests.send(REQUEST.open, [Buffer.from(folder)])
    await wire.#ready.promise
    wire.#letEnd()
    return wire
  }

  /** @param alone when nothing may stay open of a transaction that these messages begin. Rejects only when the database is gone */
  send(messages: readonly Uint8Array[], alone = false): Promise<Message[]> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    this.#requests.add(alone ? REQUEST.runAlone : REQUEST.run, messages)
    this.#flushSoon()
    const number = (this.#lastNumber = nextNumber(this.#lastNumber))
    this.#sent += 1
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      if (this.#waiting.size === 1) this.#keepAlive()
    })
  }

  /**
   * As {@link send}, for what the whole database waits for: while a transaction is open it does nothing else, and an event loop with much
   * to do would come back to it late. So the reply is awaited on the spot, for {@link STAND_STILL_MS} at most; unless the database has much more
   * to run, before it or behind it, which keeps it busy meanwhile.
   */
  sendAtOnce(messages: readonly Uint8Array[]): Promise<Message[]> {
    const answer = this.send(messages)
    const number = this.#lastNumber
    const { counts } = this.#thread.shared
    queueMicrotask(() => {
      // What is counted in 32 bits overflows; the difference does not.
      const ahead = (this.#sent - 1 - Atomics.load(counts, COUNT.run)) | 0
      if (this.#lastNumber === number && ahead <= MAX_AHEAD && this.#mayStandStill()) this.#standStill(number)
    })
    return answer
  }

  /** What was sent before is done first, and is on the disk. */
  async close(): Promise<void> {
    this.#keepAlive()
    if (this.#failure === null) this.#requests.send(REQUEST.close, [])
    await this.#ended.promise
  }

  /** What is sent in one go wakes the thread once: after the promises that are settled now, and before anything else. */
  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    process.nextTick(() => {
      this.#isFlushDue = false
      this.#requests.flush()
    })
  }

  /** Transactions that wait for their turns follow each other without a turn of the event loop, however many there are. */
  #mayStandStill(): boolean {
    if (!this.#log.isHolding) return true
    const now = performance.now()
    if (now - this.#turnedAt <= MAX_HELD_MS) return true
    this.#turnedAt = now
    return false
  }

  #standStill(number: number): void {
    this.#requests.flush()
    while (this.#waiting.has(number)) {
      const reply = this.#replies.next()
      if (reply !== null) this.#resolve(reply)
      else if (this.#requests.isBehind || !this.#replies.wait(STAND_STILL_MS)) break
    }
    this.#receive()
  }

  /** Takes what is there, and comes back when there is more. */
  readonly #receive = (): void => {
    this.#replies.onMore(this.#receive) // first: what makes room from here on wakes this again
    this.#requests.flush()
    for (let reply = this.#replies.next(); reply !== null; reply = this.#replies.next()) this.#resolve(reply)
    this.#log.sync()
  }

  #resolve({ tag: number, bytes }: PipeMessage): void {
    for (const total = Atomics.load(this.#thread.shared.counts, COUNT.fsyncs); this.#fsyncs < total; this.#fsyncs += 1)
      this.#onFsync()
    if (number === READY) return this.#ready.resolve()
    if (number === LOG) return this.#log.follow(bytes.toString())
    if (number === SETTLED) return this.#log.settled()
    const messages: Message[] = []
    this.#parser.parse(bytes.subarray(MARK_BYTES), (message) => messages.push(message))
    const mark = bytes.readUInt32BE()
    if (mark === NO_MARK) this.#tell(number, messages)
    else this.#log.hold(mark, () => this.#tell(number, messages))
  }

  #tell(number: number, messages: Message[]): void {
    this.#waiting.get(number)?.resolve(messages)
    this.#waiting.delete(number)
    if (this.#waiting.size === 0) this.#letEnd()
  }

  async #end(): Promise<void> {
    this.#receive()
    await this.#log.close()
    this.#fail(new Error('The embedded database was closed.'))
    this.#ended.resolve()
  }

  /** A process that waits for an answer goes on. */
  #keepAlive(): void {
    this.#thread.worker.ref()
  }

  /** One that has nothing else to do may end. */
  #letEnd(): void {
    this.#thread.worker.unref()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#ready.reject(error)
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
