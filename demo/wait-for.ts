/**
 * Waiting for something to become true, with a limit and a reason.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface WaitOptions {
  /** For the message when it takes too long. */
  readonly what: string
  readonly timeoutMs?: number
  readonly pollMs?: number
  readonly signal?: AbortSignal
}

const TIMEOUT_MS = 60_000
const POLL_MS = 150

/** Looks until `look` gives something. @throws Error when it takes too long; AbortError */
export async function waitFor<Value>(look: () => Promise<Value | null>, options: WaitOptions): Promise<Value> {
  const { what, timeoutMs = TIMEOUT_MS, pollMs = POLL_MS, signal } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    const seen = await look()
    if (seen !== null) return seen
    if (performance.now() > deadline) throw new Error(`Waiting for ${what}: it did not happen within ${timeoutMs / 1000} s.`)
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal })
  }
}
