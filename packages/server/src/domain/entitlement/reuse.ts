/**
 * For how long a validation of a domain, or a review of an organisation, may be used again (BR 4.2.1): by the date of the certificate
 * that it is used for, not by its own.
 *
 * @module
 */
import { DAY_MS } from '../time.ts'
import { domainValidationReuseDays, identityReuseDays } from './validity-caps.ts'

/** Until when a domain validation of `validatedAt` may be used, as far as the rule of `at` goes. Epoch milliseconds, both. */
export function domainValidationUsableUntil(validatedAt: number, at: number): number {
  return validatedAt + domainValidationReuseDays(at) * DAY_MS
}

/** The same for the review of an organisation's identity. */
export function identityReviewUsableUntil(reviewedAt: number, at: number): number {
  return reviewedAt + identityReuseDays(at) * DAY_MS
}

/** Never one from the future: a clock was wrong. */
export function mayReuseDomainValidation(validatedAt: number, at: number): boolean {
  return validatedAt <= at && at <= domainValidationUsableUntil(validatedAt, at)
}

export function mayReuseIdentityReview(reviewedAt: number, at: number): boolean {
  return reviewedAt <= at && at <= identityReviewUsableUntil(reviewedAt, at)
}
