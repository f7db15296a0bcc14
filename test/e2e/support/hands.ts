/**
 * The hands of a person at a page: what they press and type is counted, and what they wait for is timed. With EVERCERT_TEST_PAUSES=1 they look before they
 * press and type as people do; without, what that would take is added up.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator } from 'playwright-core'

/** To read what is there and find the button. */
const LOOK_MS = 2500
const KEY_MS = 120
const HAS_PAUSES = process.env['EVERCERT_TEST_PAUSES'] === '1'

export interface Hands {
  press(what: Locator): Promise<void>
  /** What is there already is replaced. */
  type(where: Locator, text: string): Promise<void>
  /** Copied from elsewhere: one key. */
  paste(where: Locator, text: string): Promise<void>
  /** Of what was pressed last, until it is seen. */
  see(what: Locator, timeoutMs?: number): Promise<void>
  report(): HandsReport
}

export interface HandsReport {
  readonly presses: number
  readonly keys: number
  /** Waited for the machine. */
  readonly machineMs: number
  /** With a person's pauses: measured, or added up. */
  readonly wholeMs: number
}

export function createHands(): Hands {
  const begun = performance.now()
  let [presses, keys, machineMs] = [0, 0, 0]
  const timed = async (work: Promise<unknown>): Promise<void> => {
    const from = performance.now()
    await work
    machineMs += performance.now() - from
  }
  const look = async (): Promise<void> => {
    if (HAS_PAUSES) await sleep(LOOK_MS)
  }
  return {
    press: async (what) => {
      await timed(what.waitFor())
      await look()
      presses += 1
      await what.click()
    },
    type: async (where, text) => {
      await timed(where.waitFor())
      keys += text.length
      if (!HAS_PAUSES) return where.fill(text)
      await where.fill('')
      await where.pressSequentially(text, { delay: KEY_MS })
    },
    paste: async (where, text) => {
      await timed(where.waitFor())
      await look()
      keys += 1
      await where.fill(text)
    },
    see: (what, timeoutMs = 60_000) => timed(what.waitFor({ timeout: timeoutMs })),
    report: () => {
      const pausesMs = HAS_PAUSES ? 0 : presses * LOOK_MS + keys * KEY_MS
      return { presses, keys, machineMs, wholeMs: performance.now() - begun + pausesMs }
    },
  }
}
