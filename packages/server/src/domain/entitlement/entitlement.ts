/**
 * Until when an order pays, what renewing in time adds to that (top-up), and how much of it one certificate can cover (DOMAIN §3).
 *
 * @module
 */
import { addCalendarYears, DAY_MS, utcDayNumber } from '../time.ts'
import type { ValidityRule } from './validity-caps.ts'
import { capNotAfter } from './validity-caps.ts'

export type TopUpFacts = {
  readonly kind: 'new' | 'renewal'
  /** Where the old certificate came from; null when there is none. */
  readonly oldOrigin: 'purchased' | 'uploaded' | null
  /** All four attributes known and equal. */
  readonly sameSpecification: boolean
  /** `notAfter` of the old certificate, epoch milliseconds; null when there is none. Issue must come before it. */
  readonly oldNotAfter: number | null
  /** What the top-up continues, where that is later than `oldNotAfter`: the end of the old entitlement. */
  readonly oldEntitledUntil?: number | null
  /** Whole calendar years, 1 or more. */
  readonly termYears: number
}

/** Why there is no top-up, in the order in which they are asked. */
export type TopUpLossReason = 'notARenewal' | 'uploaded' | 'specificationChanged' | 'expiredBeforeIssue'

export type Entitlement = {
  /** Epoch milliseconds. Never before issue plus term. */
  readonly entitledUntil: number
  readonly toppedUp: boolean
  /** What the top-up adds to issue plus term; 0 without top-up. */
  readonly toppedUpMs: number
  /**
   * The same in days, rounded to the nearest whole day: old certificate and new issue seldom share their time of day, and cutting off
   * would show 6 of 7 days for an hour's difference. For display; the exact figure is {@link toppedUpMs}.
   */
  readonly toppedUpDays: number
  /** Why nothing was added and how many days that costs (rounded likewise); null with top-up, or without an old certificate. */
  readonly lost: { readonly reason: TopUpLossReason; readonly days: number } | null
}

type LossCheck = readonly [TopUpLossReason, (facts: TopUpFacts, oldNotAfter: number, issuedAt: number) => boolean]

/** The first that applies is the reason: what the buyer could least have changed comes first. */
const LOSSES: readonly LossCheck[] = [
  ['notARenewal', (facts) => facts.kind !== 'renewal'],
  ['uploaded', (facts) => facts.oldOrigin !== 'purchased'],
  ['specificationChanged', (facts) => !facts.sameSpecification],
  ['expiredBeforeIssue', (_facts, oldNotAfter, issuedAt) => issuedAt >= oldNotAfter],
]

/**
 * The entitlement of an order whose first certificate is issued at `issuedAt` (for a quote: would be issued).
 *
 * With top-up the term is counted from the old end, keeping its time of day; otherwise from the issue. Never in days: adding days
 * slips over leap years. Where the 29 February rule would make the topped-up end the earlier one, the later one is granted.
 */
export function decideEntitlement(facts: TopUpFacts, issuedAt: number): Entitlement {
  const plainUntil = addCalendarYears(issuedAt, facts.termYears)
  const none = { entitledUntil: plainUntil, toppedUp: false, toppedUpMs: 0, toppedUpDays: 0 }
  const { oldNotAfter } = facts
  if (oldNotAfter === null) return { ...none, lost: null }
  const continuedFrom = Math.max(oldNotAfter, facts.oldEntitledUntil ?? oldNotAfter)
  const addedMs = Math.max(0, addCalendarYears(continuedFrom, facts.termYears) - plainUntil)
  const loss = LOSSES.find(([, applies]) => applies(facts, oldNotAfter, issuedAt))
  if (loss !== undefined) return { ...none, lost: { reason: loss[0], days: toWholeDays(addedMs) } }
  return {
    entitledUntil: plainUntil + addedMs,
    toppedUp: true,
    toppedUpMs: addedMs,
    toppedUpDays: toWholeDays(addedMs),
    lost: null,
  }
}

export type ValidityDecision = {
  /** What to ask the CA for, epoch milliseconds. */
  readonly notAfter: number
  /** Calendar days (UTC) of the entitlement that this certificate leaves to free reissues; 0 when it covers all of it. */
  readonly shortfallDays: number
}

/**
 * How long a certificate issued at `notBefore` lasts: `min(entitledUntil, cap)`.
 *
 * The shortfall is the difference of two dates, not of two instants: it must not depend on the time of day at which one happened to buy.
 * The certificate counts to the end of its last second, as RFC 5280 does; issued at 00:00:00 it would otherwise lose a day to "− 1 s".
 * The caller asks within the entitlement only: later, the result would end before it begins.
 */
export function decideValidity(request: {
  readonly entitledUntil: number
  readonly rule: ValidityRule
  readonly notBefore: number
}): ValidityDecision {
  const cap = capNotAfter(request.rule, request.notBefore)
  const notAfter = cap === null ? request.entitledUntil : Math.min(request.entitledUntil, cap)
  const shortfallDays = Math.max(0, utcDayNumber(request.entitledUntil) - utcDayNumber(notAfter + 1000))
  return { notAfter, shortfallDays }
}

function toWholeDays(lengthMs: number): number {
  return Math.round(lengthMs / DAY_MS)
}
