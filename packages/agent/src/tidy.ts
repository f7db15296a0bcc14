/**
 * Memory: what nobody holds any more is given back while there is little of it. By itself Node's engine lets it grow to twice what is in use first, and what
 * it has once had counts.
 *
 * @module
 */

/** What may lie around. */
const GARBAGE_BYTES = 200_000
/** While something is done. */
const EVERY_MS = 50

let usedAfter = 0

/** Called where something came to its end. Costs some milliseconds when there is enough to give back, and nothing else; without `--expose-gc` of the unit it does nothing. */
export function tidy(): void {
  const { gc } = globalThis
  if (gc === undefined || inUse() - usedAfter < GARBAGE_BYTES) return
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  usedAfter = inUse()
}

function inUse(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Does it again and again meanwhile. */
export async function tidily<Value>(work: () => Promise<Value>): Promise<Value> {
  const timer = setInterval(tidy, EVERY_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    tidy()
  }
}
