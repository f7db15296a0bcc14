/**
 * Cases that run beside each other in lanes and are reported one by one.
 *
 * @module
 */

/** What runs one case after the other. */
export interface Lane<Case, Result> {
  run(one: Case): Promise<Result>
  close(): Promise<void>
}

export interface Pool<Case, Result> {
  /** Starts the cases. Safe to repeat. */
  (): void
  /** The outcome of one case; starts all of them if nobody did. */
  result(wanted: Case): Promise<Result>
}

/** Runs the cases in up to `concurrency` lanes, in their order, from the first call on. */
export function runPool<Case, Result>(
  concurrency: number,
  cases: readonly Case[],
  openLane: () => Lane<Case, Result>,
): Pool<Case, Result> {
  const outcomes = new Map(cases.map((one) => [one, Promise.withResolvers<Result>()]))
  for (const { promise } of outcomes.values()) promise.catch(() => {}) // said by whoever asks for it
  const waiting = [...outcomes]
  const work = async (): Promise<void> => {
    const lane = openLane()
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [one, { resolve, reject }] = next
      await lane.run(one).then(resolve, reject)
    }
    await lane.close()
  }
  const start = (): void => {
    while (waiting.length > 0 && concurrency-- > 0) void work()
  }
  return Object.assign(start, {
    result: (wanted: Case): Promise<Result> => {
      start()
      const outcome = outcomes.get(wanted)
      return outcome?.promise ?? Promise.reject(new Error('no such case'))
    },
  })
}
