/**
 * Whether a certificate can be renewed now, what is to be done with it, and every reason against (DOMAIN §3).
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import { addCalendarYears, DAY_MS } from '../time.ts'
import type { CertificateStatus, StatusFacts } from './derive-status.ts'
import { deriveStatus } from './derive-status.ts'
import type { RenewalPolicy, Validity } from './window.ts'
import { windowOpensAt } from './window.ts'

/** What is stored of a certificate, as far as its renewal depends on it. */
export type RenewalFacts = StatusFacts & {
  readonly origin: 'purchased' | 'uploaded'
  /** For the refusal, which names it. */
  readonly brand: string
  /**
   * Bought here: whether its product does. Uploaded: whether anything that is sold under the upload's own brand does. Null: not known (the upload
   * tells no brand, or one that is not sold here), which is no reason against.
   */
  readonly brandSupportsRenewal: boolean | null
  /** End of the period paid for, epoch milliseconds; null when nothing was issued yet, and for uploads. */
  readonly entitledUntil: number | null
  /**
   * What stands in the way of another renewal: one that is not cancelled, whose `certificateId` is null until it is paid; or an upload that
   * follows, which has no `renewalId`.
   */
  readonly liveRenewal:
    | { readonly renewalId: string; readonly certificateId: string | null }
    | { readonly renewalId: null; readonly certificateId: string }
    | null
}

export type RenewalReasonCode = Extract<
  ProblemCode,
  | 'certificateNotIssued'
  | 'certificateExpired'
  | 'certificateRevoked'
  | 'alreadyRenewed'
  | 'entitlementContinues'
  | 'renewalNotYetOpen'
  | 'renewalBrandUnsupported'
>

/** One reason against renewing: the problem code to answer with, and the facts for its text. Instants in epoch milliseconds. */
export type RenewalReason = {
  readonly code: RenewalReasonCode
  readonly facts: Readonly<Record<string, string | number | null>>
}

export type RenewalDecision = {
  /** Renewing is allowed now: exactly when `reasons` is empty. */
  readonly eligible: boolean
  /**
   * What is due: a renewal to buy, a reissue at no charge, or nothing. `reissue` stays while a reissue is in progress: whoever starts
   * one looks at the application first.
   */
  readonly action: 'renew' | 'reissue' | null
  /** Every reason against renewing, most urgent first; a refusal answers with the first. */
  readonly reasons: RenewalReason[]
  /** From when renewing is (or was) open; null when it never will be: not issued, expired, revoked or closed. */
  readonly opensAt: number | null
  /** Days until then, rounded up; 0 once open. */
  readonly daysUntilOpen: number | null
  /** From when a reissue at no charge is due; null when the entitlement ends with the certificate. */
  readonly reissueOpensAt: number | null
}

/** Issued certificates hold whole seconds and some CAs whole days, so one may end a little before what was paid for. */
const ROUNDING_TOLERANCE_MS = DAY_MS

/** The facts, and what follows from them about time: derived once, asked by every check. */
type Situation = {
  readonly facts: RenewalFacts
  readonly now: number
  readonly status: CertificateStatus
  readonly issuance: Validity | null
  readonly certificateOpensAt: number
  /** The period paid for lasts longer than the certificate, by more than rounding. */
  readonly outlived: boolean
  /** Opening of the window before the end of the entitlement. */
  readonly entitlementOpensAt: number
}

type Check = (situation: Situation) => RenewalReason | null

/** Every check is asked; the order is the order of urgency, and what helps comes first: a certificate that has its successor is not bought anew. */
const CHECKS: readonly Check[] = [
  notIssued,
  hasSuccessor,
  expired,
  revoked,
  renewalOrdered,
  entitlementContinues,
  notYetOpen,
  brandUnsupported,
]

/**
 * Decides on the renewal of one certificate. Total and pure; refusals are values, not exceptions.
 *
 * When the entitlement goes on and its own window is not open, renewing is refused and `action` is `reissue` as soon as the
 * certificate itself is in its window. An expired certificate with time paid for left is reissued too: expiry does not forfeit it; and one whose
 * brand is not renewed, to the end of what was paid for.
 * @throws RangeError when the runtime does not know the policy's time zone
 */
export function decideRenewal(facts: RenewalFacts, now: number, policy: RenewalPolicy): RenewalDecision {
  const situation = situationOf(facts, now, policy)
  const reasons = CHECKS.map((check) => check(situation)).filter((reason) => reason !== null)
  const opensAt = renewableOnce(situation) ? Math.max(situation.certificateOpensAt, situation.entitlementOpensAt) : null
  return {
    eligible: reasons.length === 0,
    action: reasons.length === 0 ? 'renew' : reissueIsDue(situation) ? 'reissue' : null,
    reasons,
    opensAt,
    daysUntilOpen: opensAt === null ? null : daysUntil(opensAt, now),
    reissueOpensAt: isReissuable(situation) ? situation.certificateOpensAt : null,
  }
}

function situationOf(facts: RenewalFacts, now: number, policy: RenewalPolicy): Situation {
  const { issuance, entitledUntil } = facts
  const outlived = issuance !== null && entitledUntil !== null && entitledUntil - issuance.notAfter > ROUNDING_TOLERANCE_MS
  return {
    facts,
    now,
    status: deriveStatus(facts, now, policy),
    issuance,
    certificateOpensAt: issuance === null ? Number.POSITIVE_INFINITY : windowOpensAt(issuance, policy),
    outlived,
    entitlementOpensAt: outlived ? entitlementWindowOpensAt(entitledUntil, policy) : Number.NEGATIVE_INFINITY,
  }
}

/** An entitlement is paid for in whole years, so its window is that of a long certificate, however short the certificates within it. */
function entitlementWindowOpensAt(entitledUntil: number, policy: RenewalPolicy): number {
  return windowOpensAt({ notBefore: addCalendarYears(entitledUntil, -1), notAfter: entitledUntil }, policy)
}

/** Also for a certificate that was cancelled, refunded or closed: nothing is issued for it any more, and the status says which. */
function notIssued({ facts, issuance, status }: Situation): RenewalReason | null {
  if (issuance !== null && facts.closedAs === null) return null
  return { code: 'certificateNotIssued', facts: { status } }
}

function expired({ now, issuance }: Situation): RenewalReason | null {
  if (issuance === null || now < issuance.notAfter) return null
  return { code: 'certificateExpired', facts: { notAfter: issuance.notAfter } }
}

/** A revocation that was asked for counts: renewing what is about to be revoked would pay for a link to nothing. */
function revoked({ facts }: Situation): RenewalReason | null {
  if (!isRevokedOrPending(facts)) return null
  return {
    code: 'certificateRevoked',
    facts: { revokedAt: facts.revokedAt, revocationRequestedAt: facts.revocationRequestedAt },
  }
}

function hasSuccessor({ facts: { liveRenewal } }: Situation): RenewalReason | null {
  if (liveRenewal === null || liveRenewal.certificateId === null) return null
  return { code: 'alreadyRenewed', facts: { ...liveRenewal } }
}

/** Not paid yet; once the old certificate has expired or is revoked, it is not paid any more. */
function renewalOrdered({ facts: { liveRenewal } }: Situation): RenewalReason | null {
  if (liveRenewal === null || liveRenewal.certificateId !== null) return null
  return { code: 'alreadyRenewed', facts: { ...liveRenewal } }
}

function entitlementContinues(situation: Situation): RenewalReason | null {
  const { facts, now, issuance, outlived, entitlementOpensAt, certificateOpensAt } = situation
  if (issuance === null || !outlived || now >= entitlementOpensAt) return null
  return {
    code: 'entitlementContinues',
    facts: {
      entitledUntil: facts.entitledUntil,
      notAfter: issuance.notAfter,
      opensAt: entitlementOpensAt,
      reissueOpensAt: certificateOpensAt,
    },
  }
}

function notYetOpen({ now, issuance, certificateOpensAt, entitlementOpensAt }: Situation): RenewalReason | null {
  if (issuance === null || now >= certificateOpensAt) return null
  const opensAt = Math.max(certificateOpensAt, entitlementOpensAt)
  return { code: 'renewalNotYetOpen', facts: { opensAt, daysUntilOpen: daysUntil(opensAt, now), notAfter: issuance.notAfter } }
}

function brandUnsupported({ facts }: Situation): RenewalReason | null {
  if (facts.brandSupportsRenewal !== false) return null
  return { code: 'renewalBrandUnsupported', facts: { brand: facts.brand } }
}

/** Whether there is, or will be, a time at which this certificate can be renewed, other reasons apart. */
function renewableOnce({ facts, now, issuance }: Situation): boolean {
  return issuance !== null && facts.closedAs === null && !isRevokedOrPending(facts) && now < issuance.notAfter
}

/** Whether time paid for is left that the certificate does not cover, and nothing forbids to use it. */
function isReissuable({ facts, now, outlived }: Situation): boolean {
  const usable = facts.closedAs === null && !isRevokedOrPending(facts) && facts.liveRenewal === null
  return usable && outlived && facts.entitledUntil !== null && now < facts.entitledUntil
}

function reissueIsDue(situation: Situation): boolean {
  const { now, certificateOpensAt, entitlementOpensAt, issuance } = situation
  const isExpired = issuance !== null && now >= issuance.notAfter
  const isRenewedInstead = now >= entitlementOpensAt && !isExpired && situation.facts.brandSupportsRenewal !== false
  return isReissuable(situation) && now >= certificateOpensAt && !isRenewedInstead
}

/**
 * Whether another certificate may be issued at no charge now, due or not: the key was lost or known to others, or is to be of another kind. As long
 * as the period paid for lasts, also after expiry.
 */
export function mayReissue(facts: RenewalFacts, now: number): boolean {
  const { closedAs, liveRenewal, issuance, entitledUntil } = facts
  if (closedAs !== null || liveRenewal !== null || isRevokedOrPending(facts)) return false
  return issuance !== null && entitledUntil !== null && now < entitledUntil
}

function isRevokedOrPending(facts: RenewalFacts): boolean {
  return facts.revokedAt !== null || facts.revocationRequestedAt !== null
}

function daysUntil(instant: number, now: number): number {
  return Math.max(0, Math.ceil((instant - now) / DAY_MS))
}
