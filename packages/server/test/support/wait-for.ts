import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 30_000
const POLL_MS = 20

/** Asks until there is an answer; null is none yet. What it throws ends the wait. */
export async function waitFor<Answer>(what: string, ask: () => Promise<Answer | null>): Promise<Answer> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== null) return answer
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain for ${what}`)
    await sleep(POLL_MS)
  }
}
