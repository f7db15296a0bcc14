/**
 * The write-ahead log of the embedded database, brought to the disk beside the thread that writes it: that one goes on with the next statements
 * meanwhile. What has to be there before it counts is held back here; commits that come while the disk is busy wait for it together the next time.
 *
 * @module
 */
import { closeSync, fdatasync, openSync } from 'node:fs'
import { DISK } from './embedded-messages.ts'

export interface EmbeddedLogEvents {
  /** The log is on the disk up to this mark; nothing that was held for it has been told yet. */
  readonly onSynced: (mark: number) => void
  /** It may not be, whatever is said when asked again: what is held is never told. */
  readonly onFailed: (error: Error) => void
  /** The host's threads have other work, or cannot do this: ask the one that writes the log to bring it to the disk itself, and say {@link EmbeddedLog.settled} then. */
  readonly onLate: () => void
  /** Whether the thread that writes the log is at the disk itself now: one of {@link DISK}. */
  readonly diskOfThread: () => number
}

interface Held {
  readonly mark: number
  readonly tell: () => void
}

/**
 * More than disks take. The threads of the host make keys, too, and look names up: what is asked of them may wait for seconds until it is begun.
 */
const PATIENCE_MS = 50

/** Brings what was written into a file to the disk. */
export type ReachDisk = (descriptor: number) => Promise<void>

export class EmbeddedLog {
  readonly #events: EmbeddedLogEvents
  readonly #reachDisk: ReachDisk
  readonly #patienceMs: number
  /**
   * Of this class alone: an error of the disk is told once for each time that a file was opened before. So both learn of it, this and the thread,
   * which syncs the file itself before it writes any other.
   */
  #descriptor: number | null = null
  /** The thread was at the disk when the file was opened here: what it is told then may be told to it alone. */
  #isDoubtful = false
  #held: Held[] = []
  /** What the host was asked for. */
  #atDisk: Held[] = []
  /** It takes its time. Until it answers, the thread is asked. */
  #isLate = false
  #isThreadAsked = false
  #underWay: Promise<void> | null = null
  #hasFailed = false

  /** @param reachDisk of the host, unless a test looks when it is called */
  constructor(events: EmbeddedLogEvents, reachDisk: ReachDisk = syncData, patienceMs = PATIENCE_MS) {
    this.#events = events
    this.#reachDisk = reachDisk
    this.#patienceMs = patienceMs
  }

  /**
   * The log goes on in this file. What was written into the one before is on the disk. Where it cannot be opened (by now the thread gave it another
   * name, or the process has too many files open), the thread is asked in place of the host.
   */
  follow(path: string): void {
    const before = this.#descriptor
    this.#descriptor = openIfPossible(path)
    this.#isDoubtful = this.#events.diskOfThread() !== DISK.idle
    if (before === null) return
    if (this.#underWay === null) closeSync(before)
    else void this.#underWay.then(() => closeSync(before))
  }

  /** @param tell called when the log is on the disk up to the mark; marks come in order */
  hold(mark: number, tell: () => void): void {
    this.#held.push({ mark, tell })
  }

  /** Something waits to be told. */
  get isHolding(): boolean {
    return this.#held.length > 0 || this.#atDisk.length > 0
  }

  /** Begins to bring to the disk what is held, unless it is at it. */
  sync(): void {
    if (this.#hasFailed) return
    if (this.#underWay !== null || this.#descriptor === null) return this.#askThread()
    const last = this.#held.at(-1)
    if (last === undefined) return
    this.#atDisk = this.#held
    this.#held = []
    // An event loop that was late itself looks first whether the answer is there.
    const timer = setTimeout(() => setImmediate(() => this.#beLate(underWay)), this.#patienceMs)
    const end = (): void => {
      clearTimeout(timer)
      this.#underWay = null
      this.#isLate = false
    }
    const underWay = this.#reachDisk(this.#descriptor).then(
      () => {
        end()
        this.#haveReached(last.mark)
      },
      (error: Error) => {
        end()
        this.#fail(error)
      },
    )
    this.#underWay = underWay
  }

  /** The thread brought all to the disk that it had answered. */
  settled(): void {
    this.#isThreadAsked = false
    if (this.#hasFailed) return
    const told = [...this.#atDisk, ...this.#held]
    this.#atDisk = []
    this.#held = []
    for (const { tell } of told) tell()
  }

  #beLate(call: Promise<void>): void {
    if (this.#underWay !== call || this.#hasFailed) return
    this.#isLate = true
    this.#askThread()
  }

  #askThread(): void {
    const mustAsk = this.#isLate || this.#descriptor === null
    if (!mustAsk || this.#isThreadAsked || !this.isHolding) return
    this.#isThreadAsked = true
    this.#events.onLate()
  }

  #haveReached(mark: number): void {
    if (this.#hasFailed) return
    if (this.#isDoubtful) this.#isDoubtful = this.#lookAgain()
    if (this.#hasFailed) return
    const reached = this.#atDisk
    this.#atDisk = []
    if (this.#isDoubtful) this.#held = [...reached, ...this.#held]
    else {
      this.#events.onSynced(mark)
      for (const { tell } of reached) tell()
    }
    this.sync()
  }

  /** Resolves when nothing is held any more, or never will be told. */
  async close(): Promise<void> {
    this.sync()
    while (this.#underWay !== null) await this.#underWay
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }

  /** @returns whether the thread is at the disk still. Of its failure it tells itself */
  #lookAgain(): boolean {
    const disk = this.#events.diskOfThread()
    if (disk === DISK.failed) this.#hasFailed = true
    return disk === DISK.busy
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#events.onFailed(error)
  }
}

function openIfPossible(path: string): number | null {
  try {
    return openSync(path, 'r+')
  } catch {
    return null
  }
}

/** As PostgreSQL does by itself on Linux: all that reading the data takes, and not when it was written. A file of the log has its size from the first. */
function syncData(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)))
  })
}
