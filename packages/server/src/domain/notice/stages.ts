/**
 * When a certificate's owner is told that it expires: stages before `notAfter`, at it, and after it for as long as nobody renews.
 *
 * @module
 */
import type { Validity } from '../certificate/window.ts'
import { DAY_MS } from '../time.ts'

/** DOMAIN §5. Zero is the moment of expiry itself. */
export const DEFAULT_LEADS_DAYS: readonly number[] = [30, 15, 7, 3, 1, 0]
export const MAX_LEAD_DAYS = 90

/** From this lifetime on leads are days; below it they are the same fractions of the lifetime (30 days of 90: a third). */
const FULL_LIFETIME_MS = 90 * DAY_MS

/** After expiry: soon at first, weekly for a quarter, and then every 30 days, until it is renewed, revoked or closed. */
const OVERDUE_DAYS: readonly number[] = [1, 3, ...Array.from({ length: 13 }, (_, week) => 7 * (week + 1))]
const OVERDUE_FIRST_MONTHLY = OVERDUE_DAYS.at(-1) ?? 0
const OVERDUE_PERIOD_DAYS = 30

/** `expiry`: `days` before notAfter (as configured, also where the lifetime is short). `expired`: `days` after it. */
export interface Stage {
  readonly kind: 'expiry' | 'expired'
  readonly days: number
  /** Epoch milliseconds. */
  readonly at: number
}

/** The last stage that has begun at `now`; null before the first one. */
export function currentStage(validity: Validity, leadsDays: readonly number[], now: number): Stage | null {
  const reached = leadStages(validity, leadsDays).findLast(({ at }) => at <= now) ?? null
  return overdueReached(validity.notAfter, now) ?? reached
}

/** The first stage that begins after `now`. There always is one: see {@link OVERDUE_DAYS}. */
export function nextStageAt(validity: Validity, leadsDays: readonly number[], now: number): number {
  const lead = leadStages(validity, leadsDays).find(({ at }) => at > now)
  return lead?.at ?? nextOverdueAt(validity.notAfter, now)
}

/** In the order of time. Leads that are the same instant, or lie before the certificate began, are one stage or none. */
function leadStages({ notBefore, notAfter }: Validity, leadsDays: readonly number[]): readonly Stage[] {
  const lifetimeMs = notAfter - notBefore
  const scale = Math.min(1, Math.max(0, lifetimeMs) / FULL_LIFETIME_MS)
  return [...new Set(leadsDays)]
    .toSorted((one, other) => other - one)
    .map((days) => ({ kind: 'expiry' as const, days, at: notAfter - Math.floor(days * DAY_MS * scale) }))
    .filter(({ at }) => at > notBefore)
}

function overdueReached(notAfter: number, now: number): Stage | null {
  const daysOver = Math.floor((now - notAfter) / DAY_MS)
  const days =
    daysOver < OVERDUE_FIRST_MONTHLY
      ? OVERDUE_DAYS.findLast((each) => each <= daysOver)
      : daysOver - ((daysOver - OVERDUE_FIRST_MONTHLY) % OVERDUE_PERIOD_DAYS)
  return days === undefined ? null : { kind: 'expired', days, at: notAfter + days * DAY_MS }
}

function nextOverdueAt(notAfter: number, now: number): number {
  const next = OVERDUE_DAYS.map((days) => notAfter + days * DAY_MS).find((at) => at > now)
  if (next !== undefined) return next
  const first = notAfter + OVERDUE_FIRST_MONTHLY * DAY_MS
  const periodMs = OVERDUE_PERIOD_DAYS * DAY_MS
  return first + (Math.floor((now - first) / periodMs) + 1) * periodMs
}
