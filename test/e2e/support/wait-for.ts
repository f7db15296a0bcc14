/**
 * Waiting for something to become true, with a limit and a reason.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** What is there soon is seen soon; what takes long is not asked for all the time. */
const [FIRST_POLL_MS, POLL_MS] = [25, 200]

/** Looks until `look` gives something. @throws Error that says what did not happen */
export async function waitFor<Value>(what: string, look: () => Promise<Value | null>, timeoutMs = 60_000): Promise<Value> {
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(POLL_MS, pauseMs * 2)) {
    const seen = await look()
    if (seen !== null) return seen
    if (performance.now() > deadline) throw new Error(`Waiting for ${what}: it did not happen within ${timeoutMs / 1000} s.`)
    await sleep(pauseMs)
  }
}
