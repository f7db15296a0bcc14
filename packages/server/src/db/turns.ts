/**
 * Taking turns: one at a time, in the order of asking.
 *
 * @module
 */

export class Turns {
  readonly #waiting: (() => void)[] = []
  #isTaken = false

  /** Runs the work when it is its turn; the turn ends with it. */
  async take<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#isTaken) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#isTaken = true
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#isTaken = false
      else next()
    }
  }
}
