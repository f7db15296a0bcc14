/**
 * Some at the same time, the others after them, in their order: each takes memory while it lasts.
 *
 * @module
 */
export type Turns = <Value>(work: () => Promise<Value>) => Promise<Value>

export function createTurns(atOnce: number): Turns {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
