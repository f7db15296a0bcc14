/**
 * Waiting for something to become true, with a limit and a reason.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 200

/** Looks until `look` gives something. @throws Error that says what did not happen */
export async function waitFor<Value>(what: string, look: () => Promise<Value | null>, timeoutMs = 60_000): Promise<Value> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen !== null) return seen
    if (performance.now() > deadline) throw new Error(`Waiting for ${what}: it did not happen within ${timeoutMs / 1000} s.`)
    await sleep(POLL_MS)
  }
}
