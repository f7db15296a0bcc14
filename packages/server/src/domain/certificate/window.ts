/**
 * The renewal window: the last days of a certificate, in which it is "expiring soon" and may be renewed (DOMAIN §3.2).
 *
 * @module
 */
import { DAY_MS } from '../time.ts'
import { startOfZonedDay, zonedDayNumber } from '../zoned-day.ts'

/** Both ends as in the certificate (RFC 5280 §4.1.2.5), in epoch milliseconds. */
export type Validity = { readonly notBefore: number; readonly notAfter: number }

/** How long before expiry renewal opens. */
export type RenewalPolicy = {
  /** Whole days, 1 or more. */
  readonly windowDays: number
  /** Null: days of 24 hours back from `notAfter`. Otherwise calendar days of this zone (IANA name), opening at the start of a day. */
  readonly calendar: { readonly timeZone: string } | null
}

/** The founding rule: 30 × 24 hours. */
export const DEFAULT_RENEWAL_POLICY: RenewalPolicy = { windowDays: 30, calendar: null }

/** Below this lifetime days are the wrong unit: 30 days are two thirds of a 47-day certificate and five times a 6-day one. */
const SHORT_LIFETIME_MS = 90 * DAY_MS

/**
 * The first instant of the window. It is open from then on until just before `notAfter`.
 *
 * Lifetimes under 90 days: a third of the lifetime, whatever the policy's days. Others: the policy's days, but never more than half
 * of the lifetime, so that no setting makes a fresh certificate "expiring" (with the default of 30 days that limit is never met).
 * @throws RangeError when the runtime does not know the policy's time zone
 */
export function windowOpensAt(validity: Validity, policy: RenewalPolicy): number {
  const lifetimeMs = validity.notAfter - validity.notBefore
  if (lifetimeMs < SHORT_LIFETIME_MS) return validity.notAfter - Math.floor(Math.max(0, lifetimeMs) / 3)
  const halfLifeAt = validity.notAfter - Math.floor(lifetimeMs / 2)
  return Math.max(halfLifeAt, opensByDays(validity.notAfter, policy))
}

/** In milliseconds: no window of any certificate is longer. */
export function longestWindowMs({ windowDays, calendar }: RenewalPolicy): number {
  const days = windowDays + (calendar === null ? 0 : 2) // from the start of its first day to the middle of its last, where a clock may change
  return Math.max(days * DAY_MS, Math.ceil(SHORT_LIFETIME_MS / 3))
}

/** Whether `0 < notAfter - now <= window`: open at its first instant, over at `notAfter` itself. */
export function isInWindow(validity: Validity, now: number, policy: RenewalPolicy): boolean {
  return now < validity.notAfter && now >= windowOpensAt(validity, policy)
}

function opensByDays(notAfter: number, { windowDays, calendar }: RenewalPolicy): number {
  if (calendar === null) return notAfter - windowDays * DAY_MS
  return startOfZonedDay(zonedDayNumber(notAfter, calendar.timeZone) - windowDays, calendar.timeZone)
}
