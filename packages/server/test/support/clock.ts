/**
 * The clock of a service under test: runs as the real one does, from wherever the test puts it.
 *
 * @module
 */
import { DAY_MS } from '../../src/domain/time.ts'

export interface TestClock {
  /** Epoch milliseconds; what the service takes for the present. */
  readonly now: () => number
  advance(ms: number): void
  advanceDays(days: number): void
  /** @param instant epoch milliseconds; also back in time */
  moveTo(instant: number): void
}

/** A day on which a public certificate may live 199 days (DOMAIN §3), chosen so that no February is near. */
export const DEFAULT_START = Date.parse('2026-11-23T08:00:00Z')

export function createClock(startAt: number = DEFAULT_START): TestClock {
  return clockFrom(startAt, Date.now)
}

/** Stands still wherever the test puts it, however long the test takes. For what no timer of the service is needed for. */
export function createStoppedClock(startAt: number = DEFAULT_START): TestClock {
  return clockFrom(startAt, () => 0)
}

/** @param elapsed milliseconds, from whatever beginning */
function clockFrom(startAt: number, elapsed: () => number): TestClock {
  let offset = startAt - elapsed()
  return {
    now: () => elapsed() + offset,
    advance: (ms) => void (offset += ms),
    advanceDays: (days) => void (offset += days * DAY_MS),
    moveTo: (instant) => void (offset = instant - elapsed()),
  }
}
