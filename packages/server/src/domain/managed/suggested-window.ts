/**
 * When a CA would have a certificate renewed (RFC 9773): how often it is asked, and which moment of its window is taken (DOMAIN §5).
 *
 * @module
 */
import type { RenewalFacts } from '../certificate/decide-renewal.ts'
import type { Validity } from '../certificate/window.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts'

/** Instants in epoch milliseconds. */
export interface SuggestedWindow {
  readonly startsAt: number
  readonly endsAt: number
}

const ASK_AGAIN_MS = 6 * HOUR_MS

/** @param draw 0 to 1 (exclusive), drawn once for each window and its moment stored: else every look would move it (RFC 9773 §4.2) */
export function momentIn({ startsAt, endsAt }: SuggestedWindow, draw: number): number {
  return startsAt + Math.floor(draw * Math.max(0, endsAt - startsAt))
}

/** As the CA says, from a minute to a day; six hours after an error, or when it says nothing. */
export function askAgainAt(retryAfterSeconds: number | null, now: number): number {
  if (retryAfterSeconds === null) return now + ASK_AGAIN_MS
  return now + Math.min(Math.max(retryAfterSeconds * 1000, MINUTE_MS), DAY_MS)
}

/** From here on nobody waits for what a CA suggests: a twentieth of the lifetime is left. */
export function ignoresSuggestionsFrom({ notBefore, notAfter }: Validity): number {
  return notAfter - Math.floor((notAfter - notBefore) / 20)
}

/** Null: not any more, because it is expired or nearly, revoked, replaced, or about to be. */
export function whenToAsk(facts: RenewalFacts, askAt: number | null, now: number): number | null {
  const { issuance, liveRenewal, application, closedAs, revokedAt, revocationRequestedAt } = facts
  if (issuance === null || now >= ignoresSuggestionsFrom(issuance)) return null
  const isApplying = application?.state === 'pendingValidation' || application?.state === 'inReview'
  if (liveRenewal !== null || isApplying || closedAs !== null || revokedAt !== null || revocationRequestedAt !== null) return null
  return askAt ?? now
}
