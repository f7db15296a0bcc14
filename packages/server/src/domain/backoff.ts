/**
 * How long to wait after the n-th failure, from stored counts and never from a timer in memory.
 *
 * @module
 */

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/** A CA or provider that does not answer: soon at first, hourly in the end. */
const UPSTREAM_MS = [5, 15, 60, 300, 900, 3600].map((seconds) => seconds * SECOND_MS)

/** A user's file or DNS record that is not visible yet. */
const PROOF_MS = [1, 2, 5, 10, 20, 30, 60, 120, 300].map((seconds) => seconds * SECOND_MS)

/** A CA that validates or issues: quick at first, since most answer at once. */
const POLL_MS = [40, 80, 160, 320, 640, 1000, 2000, 3000, 5000, 10_000, 30_000, MINUTE_MS]

/** A site that does not serve the new certificate: workers that end slowly, then nodes that somebody has to mend. */
const SERVE_MS = [250, 500, 1000, 2000, 5000, 10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS]

/** A server that was told to reload: most show the new certificate at once, and old workers end slowly. */
const CHECK_MS = [100, 200, 400, 800, 1500, 2000]

/** An order that the CA ended because it did not see the proof: a restart is over soon, a site that is down takes longer. */
const ORDER_MS = [5, 60, 600].map((seconds) => seconds * SECOND_MS)

const LADDERS = {
  order: ORDER_MS,
  upstream: UPSTREAM_MS,
  proof: PROOF_MS,
  poll: POLL_MS,
  serve: SERVE_MS,
  check: CHECK_MS,
} as const

export type Ladder = keyof typeof LADDERS

/** After this many unsuccessful probes in a row the renewal asks for a person's attention (about two minutes). */
export const PROBES_BEFORE_ATTENTION = 9

/** Milliseconds until the next try. @param failures how many tries have failed, 1 or more */
export function backoffMs(ladder: Ladder, failures: number): number {
  const steps = LADDERS[ladder]
  return steps[Math.min(Math.max(failures, 1), steps.length) - 1] ?? MINUTE_MS
}
