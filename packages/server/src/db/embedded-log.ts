/**
 * The write-ahead log of the embedded database, brought to the disk beside the thread that writes it: that one goes on with the next statements
 * meanwhile. What has to be there before it counts is held back here; commits that come while the disk is busy wait for it together the next time.
 *
 * @module
 */
import { closeSync, fdatasync, openSync } from 'node:fs'

export interface EmbeddedLogEvents {
  /** The log is on the disk up to this mark; nothing that was held for it has been told yet. */
  readonly onSynced: (mark: number) => void
  /** It may not be, whatever is said when asked again: what is held is never told. */
  readonly onFailed: (error: Error) => void
}

interface Held {
  readonly mark: number
  readonly tell: () => void
}

/** Brings what was written into a file to the disk. */
export type ReachDisk = (descriptor: number) => Promise<void>

export class EmbeddedLog {
  readonly #events: EmbeddedLogEvents
  readonly #reachDisk: ReachDisk
  /**
   * Of this class alone: an error of the disk is told once for each time that a file was opened. So both learn of it, this and the thread, which
   * syncs the file itself before it writes any other.
   */
  #descriptor: number | null = null
  #held: Held[] = []
  #underWay: Promise<void> | null = null
  #hasFailed = false

  /** @param reachDisk of the host, unless a test looks when it is called */
  constructor(events: EmbeddedLogEvents, reachDisk: ReachDisk = syncData) {
    this.#events = events
    this.#reachDisk = reachDisk
  }

  /** The log goes on in this file. What was written into the one before is on the disk. */
  follow(path: string): void {
    const before = this.#descriptor
    try {
      this.#descriptor = openSync(path, 'r+')
    } catch (error) {
      return this.#fail(error as Error)
    }
    if (before === null) return
    if (this.#underWay === null) closeSync(before)
    else void this.#underWay.then(() => closeSync(before))
  }

  /** @param tell called when the log is on the disk up to the mark; marks come in order */
  hold(mark: number, tell: () => void): void {
    this.#held.push({ mark, tell })
  }

  /** Begins to bring to the disk what is held, unless it is at it. */
  sync(): void {
    if (this.#underWay !== null || this.#hasFailed) return
    const held = this.#held
    const last = held.at(-1)
    if (last === undefined || this.#descriptor === null) return
    this.#held = []
    this.#underWay = this.#reachDisk(this.#descriptor).then(
      () => {
        this.#underWay = null
        if (this.#hasFailed) return
        this.#events.onSynced(last.mark)
        for (const { tell } of held) tell()
        this.sync()
      },
      (error: Error) => {
        this.#underWay = null
        this.#fail(error)
      },
    )
  }

  /** Resolves when nothing is held any more, or never will be told. */
  async close(): Promise<void> {
    this.sync()
    while (this.#underWay !== null) await this.#underWay
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#events.onFailed(error)
  }
}

/** As PostgreSQL does by itself on Linux: all that reading the data takes, and not when it was written. A file of the log has its size from the first. */
function syncData(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)))
  })
}
