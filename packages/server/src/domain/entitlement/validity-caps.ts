/**
 * How long publicly trusted certificates, and the validations behind them, may live: by date of issue (BR 4.2.1, 6.3.2).
 *
 * @module
 */
import { DAY_MS } from '../time.ts'

/** Who sets the limit: the Baseline Requirements, or nobody but the CA itself. */
export type ValidityRule = 'public' | 'private'

/** All lengths in days of 86,400 s. */
export type ValidityCap = {
  /** Issued at this instant or later, until the next row begins. */
  readonly from: number
  readonly validityMustDays: number
  /** A day below the limit, for a CA whose clock or arithmetic differs: what we ask for. */
  readonly validityShouldDays: number
  readonly domainValidationReuseDays: number
  readonly identityReuseDays: number
}

const BEFORE_THE_SCHEDULE: ValidityCap = {
  from: Number.NEGATIVE_INFINITY,
  validityMustDays: 398,
  validityShouldDays: 397,
  domainValidationReuseDays: 398,
  identityReuseDays: 825,
}

/** The schedule, oldest row first. */
export const VALIDITY_CAPS: readonly ValidityCap[] = [
  BEFORE_THE_SCHEDULE,
  {
    from: Date.UTC(2026, 2, 15),
    validityMustDays: 200,
    validityShouldDays: 199,
    domainValidationReuseDays: 200,
    identityReuseDays: 398,
  },
  {
    from: Date.UTC(2027, 2, 15),
    validityMustDays: 100,
    validityShouldDays: 99,
    domainValidationReuseDays: 100,
    identityReuseDays: 398,
  },
  {
    from: Date.UTC(2029, 2, 15),
    validityMustDays: 47,
    validityShouldDays: 46,
    domainValidationReuseDays: 10,
    identityReuseDays: 398,
  },
]

/**
 * The latest `notAfter` of a certificate issued at `notBefore`, or null where there is no limit.
 *
 * `notBefore + N × 86,400 s − 1 s`, as both ends belong to the validity (RFC 5280 §4.1.2.5), with N the recommended (SHOULD) days.
 */
export function capNotAfter(rule: ValidityRule, notBefore: number): number | null {
  if (rule === 'private') return null
  return notBefore + capAt(notBefore).validityShouldDays * DAY_MS - 1000
}

/** For how many days a domain validation may be used again, for a certificate issued at `at`. */
export function domainValidationReuseDays(at: number): number {
  return capAt(at).domainValidationReuseDays
}

/** For how many days the validation of an organisation may be used again, for a certificate issued at `at`. */
export function identityReuseDays(at: number): number {
  return capAt(at).identityReuseDays
}

function capAt(at: number): ValidityCap {
  return VALIDITY_CAPS.findLast((cap) => cap.from <= at) ?? BEFORE_THE_SCHEDULE
}
