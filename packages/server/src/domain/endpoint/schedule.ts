/**
 * When an endpoint is probed next.
 *
 * @module
 */
import { DAY_MS, HOUR_MS } from '../time.ts'

export interface ScheduleFacts {
  /** Drawn once and stored, 0 to 1 (exclusive). */
  readonly jitter: number
  /** The usual time between two probes. */
  readonly intervalMs: number
  /** When what it has to serve ends, epoch milliseconds. */
  readonly notAfter: number | null
  /** When it last became served, or something else. */
  readonly changedAt: number | null
  readonly isInOrder: boolean
}

/** A change is watched closely for so long, and so is the end of a certificate. */
const CLOSE_BEFORE_END_MS = 3 * DAY_MS
const CLOSE_AFTER_CHANGE_MS = DAY_MS
/** A tenth more or less: endpoints that were probed in one moment drift apart. */
const SPREAD = 0.2

/** Hourly after a change, in the last three days, and while it is not in order; otherwise at the usual interval. Epoch milliseconds. */
export function nextProbeAt(facts: ScheduleFacts, now: number): number {
  const intervalMs = isClose(facts, now) ? Math.min(HOUR_MS, facts.intervalMs) : facts.intervalMs
  return Math.round(now + intervalMs * (1 - SPREAD / 2 + SPREAD * facts.jitter))
}

/** The first time: anywhere in one interval, so that many that are added at once are spread over it. */
export function firstProbeAt({ jitter, intervalMs }: Pick<ScheduleFacts, 'jitter' | 'intervalMs'>, now: number): number {
  return Math.round(now + intervalMs * jitter)
}

function isClose({ notAfter, changedAt, isInOrder }: ScheduleFacts, now: number): boolean {
  if (!isInOrder) return true
  if (notAfter !== null && notAfter - now <= CLOSE_BEFORE_END_MS) return true
  return changedAt !== null && now - changedAt <= CLOSE_AFTER_CHANGE_MS
}
