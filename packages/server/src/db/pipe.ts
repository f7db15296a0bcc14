/**
 * Messages from one thread to another through shared memory: a ring of bytes with one writer and one reader. A message between two ports
 * costs some fifty microseconds on either side, as long as the statement that it carries; here it costs its copy.
 *
 * @module
 */

/** In shared memory: bytes written and read so far, both modulo 2^32; and 1 while the reader waits for {@link PipeReader.onMore}. */
const PLACE = { written: 0, read: 1, asleep: 2 } as const
const PLACES = Object.keys(PLACE).length
/** A power of two, so that the counters may overflow. What is longer goes through in pieces. */
const CAPACITY = 2 ** 18
/** Length of the message and its tag, 32 bits each. */
const HEADER_BYTES = 8

export interface PipeMemory {
  readonly control: Int32Array<SharedArrayBuffer>
  readonly ring: Uint8Array<SharedArrayBuffer>
}

export interface PipeMessage {
  /** A number of 32 bits without sign, whose meaning is the users' own. */
  readonly tag: number
  readonly bytes: Buffer
}

export function createPipe(): PipeMemory {
  return {
    control: new Int32Array(new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT)),
    ring: new Uint8Array(new SharedArrayBuffer(CAPACITY)),
  }
}

export class PipeWriter {
  readonly #control: PipeMemory['control']
  readonly #ring: PipeMemory['ring']
  /** What found no room yet, in order. */
  #rest: Uint8Array[] = []
  #written: number

  constructor({ control, ring }: PipeMemory) {
    this.#control = control
    this.#ring = ring
    this.#written = Atomics.load(control, PLACE.written) >>> 0
  }

  /** Some of what was sent waits for room: {@link flush} it when the reader has read. */
  get isBehind(): boolean {
    return this.#rest.length > 0
  }

  /** One message of several parts, and wakes the reader. */
  send(tag: number, parts: readonly Uint8Array[]): void {
    this.add(tag, parts)
    this.flush()
  }

  /** One message of several parts, for the next {@link flush}: do not change them before. Waking the reader costs more than a message. */
  add(tag: number, parts: readonly Uint8Array[]): void {
    const header = new Uint8Array(HEADER_BYTES)
    const view = new DataView(header.buffer)
    view.setUint32(
      0,
      parts.reduce((sum, { length }) => sum + length, 0),
    )
    view.setUint32(4, tag)
    this.#rest.push(header, ...parts)
  }

  /** Writes as much as there is room for, and wakes the reader. */
  flush(): void {
    const before = this.#written
    let done = 0
    for (const part of this.#rest) {
      const count = this.#write(part)
      if (count < part.length) {
        this.#rest[done] = part.subarray(count)
        break
      }
      done += 1
    }
    this.#rest.splice(0, done)
    if (this.#written === before) return
    Atomics.store(this.#control, PLACE.written, this.#written | 0)
    Atomics.notify(this.#control, PLACE.written)
    this.wake()
  }

  /** Lets {@link PipeReader.onMore} be called also when nothing was written. */
  wake(): void {
    if (Atomics.compareExchange(this.#control, PLACE.asleep, 1, 0) === 1) Atomics.notify(this.#control, PLACE.asleep)
  }

  /** Stands still until all was written. */
  finish(): void {
    while (this.isBehind) {
      const read = Atomics.load(this.#control, PLACE.read)
      this.flush()
      if (this.isBehind) Atomics.wait(this.#control, PLACE.read, read)
    }
  }

  /** @returns how many bytes found room */
  #write(bytes: Uint8Array): number {
    const used = (this.#written - (Atomics.load(this.#control, PLACE.read) >>> 0)) >>> 0
    const count = Math.min(bytes.length, CAPACITY - used)
    const at = this.#written % CAPACITY
    const untilEnd = Math.min(count, CAPACITY - at)
    this.#ring.set(bytes.subarray(0, untilEnd), at)
    if (untilEnd < count) this.#ring.set(bytes.subarray(untilEnd, count), 0)
    this.#written = (this.#written + count) >>> 0
    return count
  }
}

export class PipeReader {
  readonly #control: PipeMemory['control']
  readonly #ring: PipeMemory['ring']
  #read: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  /** Of the message that is coming in; null while its header is. */
  #bytes: Buffer | null = null
  /** Bytes that have come of the header, or of the message behind it. */
  #filled = 0
  #listener: (() => void) | null = null
  #isWaiting = false

  constructor({ control, ring }: PipeMemory) {
    this.#control = control
    this.#ring = ring
    this.#read = Atomics.load(control, PLACE.read) >>> 0
  }

  /** A message has come in part: its writer may wait for room. */
  get isWithin(): boolean {
    return this.#bytes !== null || this.#filled > 0
  }

  /** The next message, when all of it is there. */
  next(): PipeMessage | null {
    const written = Atomics.load(this.#control, PLACE.written) >>> 0
    if (written === this.#read) return null
    const before = this.#read
    const message = this.#take(written)
    if (this.#read !== before) {
      Atomics.store(this.#control, PLACE.read, this.#read | 0)
      Atomics.notify(this.#control, PLACE.read)
    }
    return message
  }

  /** Stands still until something is there to read, for so many milliseconds at most. @returns false when the time is over */
  wait(timeoutMs = Infinity): boolean {
    this.stayAwake()
    return Atomics.wait(this.#control, PLACE.written, this.#read | 0, timeoutMs) !== 'timed-out'
  }

  /** What is written from here on calls nobody. */
  stayAwake(): void {
    Atomics.store(this.#control, PLACE.asleep, 0)
  }

  /**
   * Calls back once when the writer writes or wakes, from the event loop; one listener at a time. Whoever calls this reads behind it: what was
   * written before calls nobody.
   */
  onMore(listener: () => void): void {
    this.#listener = listener
    Atomics.store(this.#control, PLACE.asleep, 1)
    if (this.#isWaiting) return
    this.#isWaiting = true
    const { async, value } = Atomics.waitAsync(this.#control, PLACE.asleep, 1)
    void (async ? value : Promise.resolve()).then(() => {
      this.#isWaiting = false
      const call = this.#listener
      this.#listener = null
      call?.()
    })
  }

  #take(written: number): PipeMessage | null {
    if (this.#bytes === null) {
      if (!this.#fill(this.#header, written)) return null
      this.#bytes = Buffer.allocUnsafe(this.#word(0))
    }
    if (!this.#fill(this.#bytes, written)) return null
    const message = { tag: this.#word(4), bytes: this.#bytes }
    this.#bytes = null
    return message
  }

  #word(at: number): number {
    return new DataView(this.#header.buffer).getUint32(at)
  }

  /** @returns whether it is full, and the next one begins */
  #fill(target: Uint8Array, written: number): boolean {
    const count = Math.min((written - this.#read) >>> 0, target.length - this.#filled)
    const at = this.#read % CAPACITY
    const untilEnd = Math.min(count, CAPACITY - at)
    target.set(this.#ring.subarray(at, at + untilEnd), this.#filled)
    if (untilEnd < count) target.set(this.#ring.subarray(0, count - untilEnd), this.#filled + untilEnd)
    this.#read = (this.#read + count) >>> 0
    this.#filled += count
    if (this.#filled < target.length) return false
    this.#filled = 0
    return true
  }
}
