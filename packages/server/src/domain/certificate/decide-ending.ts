/**
 * Whether a certificate may be cancelled, refunded, revoked or deleted now, and what is possible instead (DOMAIN §2, §5). The table of
 * docs/lifecycle.md says what each of them does.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import type { CertificateType } from '../product/specification.ts'
import { DAY_MS } from '../time.ts'
import type { CertificateStatus } from './derive-status.ts'

/** DOMAIN §5: money is given back for so long after the payment, the last millisecond included. */
export const REFUND_PERIOD_MS = 7 * DAY_MS

/** What is stored of a certificate, as far as its ending depends on it. Instants in epoch milliseconds. */
export interface EndingFacts {
  readonly status: CertificateStatus
  readonly origin: 'purchased' | 'uploaded'
  readonly managed: boolean
  /** Null for an upload. */
  readonly certificateType: CertificateType | null
  /** Null for an upload. */
  readonly paidAt: number | null
  /** What its order cost; null for an upload. */
  readonly priceMinor: number | null
  /** Whether the money of its order was given back. */
  readonly refunded: boolean
  /** From the moment when the CA is asked to sign until its certificate is stored: nobody knows whether it did. */
  readonly isBeingIssued: boolean
  /** When the revocation was confirmed (DV: asked for) that the CA carried out; null when it is not revoked. */
  readonly revocationConfirmedAt: number | null
  /** The certificate that was bought to renew this one; null when there is none. */
  readonly renewedByCertificateId: string | null
}

/** Whatever a person can do instead. */
export type Alternative =
  'cancel' | 'cancelWithoutRefund' | 'withdraw' | 'refund' | 'revoke' | 'delete' | 'deleteWithoutRefund' | 'stopManaging' | 'wait'

export type EndingRefusalCode = Extract<
  ProblemCode,
  | 'notPurchased'
  | 'alreadyIssued'
  | 'issuanceUnderWay'
  | 'refundPeriodOver'
  | 'refundNeedsRevocation'
  | 'refundAvailable'
  | 'alreadyRenewed'
  | 'alreadyEnded'
  | 'managedCertificate'
  | 'notRevocable'
  | 'notDeletable'
>

export interface EndingRefusal {
  readonly allowed: false
  readonly code: EndingRefusalCode
  readonly facts: Readonly<Record<string, string | number | null>>
  readonly possible: readonly Alternative[]
}

/** `done`: it is so already, which answers a second click. */
export type EndingDecision<Allowed = object> = ({ readonly allowed: true; readonly done: boolean } & Allowed) | EndingRefusal

const UNISSUED: readonly CertificateStatus[] = ['pendingApplication', 'pendingValidation', 'inReview', 'reviewFailed']
const VALID: readonly CertificateStatus[] = ['issued', 'expiringSoon']
const CLOSED: readonly CertificateStatus[] = ['cancelled', 'refunded', 'closed']

function refuse(code: EndingRefusalCode, facts: EndingRefusal['facts'], possible: readonly Alternative[]): EndingRefusal {
  return { allowed: false, code, facts, possible }
}

/** The last moment at which the money is given back; null for an upload. */
export function refundableUntil(facts: Pick<EndingFacts, 'paidAt'>): number | null {
  return facts.paidAt === null ? null : facts.paidAt + REFUND_PERIOD_MS
}

function isWithin(facts: EndingFacts, instant: number): boolean {
  const until = refundableUntil(facts)
  return until !== null && instant <= until
}

/**
 * Cancelling ends what is not issued yet. Within the period the money comes back with it; later only who says that it may be lost cancels.
 */
export function decideCancel(
  facts: EndingFacts,
  wish: { readonly now: number; readonly withoutRefund: boolean },
): EndingDecision<{ readonly refund: boolean }> {
  const { status } = facts
  if (facts.origin === 'uploaded') return refuse('notPurchased', { status }, status === 'closed' ? [] : ['delete'])
  if (status === 'cancelled') return { allowed: true, done: true, refund: facts.refunded }
  if (CLOSED.includes(status)) return refuse('alreadyEnded', { status }, [])
  if (!UNISSUED.includes(status)) return refuse('alreadyIssued', { status }, afterIssuance(facts, wish.now))
  if (facts.isBeingIssued) return refuse('issuanceUnderWay', { status }, ['wait'])
  const refund = isWithin(facts, wish.now)
  if (refund || wish.withoutRefund) return { allowed: true, done: false, refund }
  return refuse('refundPeriodOver', periodOf(facts), ['cancelWithoutRefund'])
}

/** The money back: at once while unissued, after issuance only for what was revoked; both counted within the period. */
export function decideRefund(facts: EndingFacts, now: number): EndingDecision {
  const { status } = facts
  if (facts.origin === 'uploaded') return refuse('notPurchased', { status }, status === 'closed' ? [] : ['delete'])
  if (status === 'refunded') return { allowed: true, done: true }
  if (CLOSED.includes(status)) return refuse('alreadyEnded', { status }, [])
  if (status === 'revoked') return decideRefundOfRevoked(facts)
  if (!UNISSUED.includes(status)) return decideRefundOfIssued(facts, now)
  if (facts.isBeingIssued) return refuse('issuanceUnderWay', { status }, ['wait'])
  if (isWithin(facts, now)) return { allowed: true, done: false }
  return refuse('refundPeriodOver', periodOf(facts), ['cancelWithoutRefund'])
}

/**
 * The revocation counts, not the day on which the money is asked for. What was renewed is never refunded: the period of its renewal is
 * counted from its end.
 */
function decideRefundOfRevoked(facts: EndingFacts): EndingDecision {
  const { revocationConfirmedAt, renewedByCertificateId } = facts
  if (renewedByCertificateId !== null) return refuse('alreadyRenewed', { certificateId: renewedByCertificateId }, ['delete'])
  if (revocationConfirmedAt !== null && isWithin(facts, revocationConfirmedAt)) return { allowed: true, done: false }
  return refuse('refundPeriodOver', { ...periodOf(facts), revokedAt: revocationConfirmedAt }, ['delete'])
}

function decideRefundOfIssued(facts: EndingFacts, now: number): EndingRefusal {
  if (isWithin(facts, now)) return refuse('refundNeedsRevocation', periodOf(facts), afterIssuance(facts, now))
  return refuse('refundPeriodOver', periodOf(facts), afterIssuance(facts, now))
}

function periodOf(facts: EndingFacts): EndingRefusal['facts'] {
  return { status: facts.status, paidAt: facts.paidAt, refundableUntil: refundableUntil(facts) }
}

function afterIssuance(facts: EndingFacts, now: number): readonly Alternative[] {
  if (facts.status === 'revocationPending') return ['wait']
  if (facts.status === 'revoked') return decideRefund(facts, now).allowed ? insteadOfLosing(facts) : ['delete']
  if (facts.status === 'expired') return ['delete']
  return [insteadOfKeeping(facts)]
}

/** Of a valid one. */
function insteadOfKeeping({ managed }: EndingFacts): Alternative {
  return managed ? 'stopManaging' : 'revoke'
}

function insteadOfLosing({ priceMinor }: EndingFacts): readonly Alternative[] {
  return ['refund', priceMinor === 0 ? 'delete' : 'deleteWithoutRefund']
}

/** DOMAIN §5: what was bought here, is valid and is not managed. OV and EV await the contact's confirmation. */
export function decideRevocation(facts: EndingFacts): EndingDecision<{ readonly awaitsContact: boolean }> {
  const { status } = facts
  const awaitsContact = facts.certificateType !== 'DV'
  if (facts.origin === 'uploaded') return refuse('notPurchased', { status }, status === 'closed' ? [] : ['delete'])
  if (status === 'revocationPending' || status === 'revoked') return { allowed: true, done: true, awaitsContact }
  if (UNISSUED.includes(status)) return refuse('notRevocable', { status }, insteadOfIssuing(facts))
  if (!VALID.includes(status)) return refuse('notRevocable', { status }, status === 'expired' ? ['delete'] : [])
  if (facts.managed) return refuse('managedCertificate', { status }, ['stopManaging'])
  // A reissue that the CA is signing would come after the revocation, and be valid.
  if (facts.isBeingIssued) return refuse('issuanceUnderWay', { status }, ['wait'])
  return { allowed: true, done: false, awaitsContact }
}

/** What can be done with what is not issued yet, beside going on with it. */
function insteadOfIssuing({ status, isBeingIssued }: EndingFacts): readonly Alternative[] {
  if (isBeingIssued) return ['wait']
  return status === 'reviewFailed' ? ['delete'] : ['cancel']
}

/**
 * DOMAIN §5: expired, revoked or uploaded; §2: and what was refused, which ends as it would by cancelling, with its money. What can be refunded
 * as revoked is deleted only by who says that the money may be lost. Whether it is in use is asked apart.
 */
export function decideDeletion(
  facts: EndingFacts,
  wish: { readonly now: number; readonly withoutRefund: boolean },
): EndingDecision<
  { readonly as: 'closed'; readonly givesUpMoney: boolean } | { readonly as: 'cancelled'; readonly refund: boolean }
> {
  const { status } = facts
  if (status === 'closed') return { allowed: true, done: true, as: 'closed', givesUpMoney: false }
  if (status === 'reviewFailed' || status === 'cancelled') return decideDeletionOfRefused(facts, wish)
  if (CLOSED.includes(status)) return refuse('alreadyEnded', { status }, [])
  if (facts.isBeingIssued) return refuse('issuanceUnderWay', { status }, ['wait'])
  if (status === 'revoked') return decideDeletionOfRevoked(facts, wish.withoutRefund)
  if (facts.origin === 'uploaded' || status === 'expired')
    return { allowed: true, done: false, as: 'closed', givesUpMoney: false }
  if (status === 'revocationPending') return refuse('notDeletable', { status }, ['wait'])
  if (UNISSUED.includes(status)) return refuse('notDeletable', { status }, ['cancel'])
  return refuse('notDeletable', { status }, [insteadOfKeeping(facts)])
}

function decideDeletionOfRevoked(facts: EndingFacts, withoutRefund: boolean) {
  const { status, priceMinor, paidAt } = facts
  const givesUpMoney = priceMinor !== null && priceMinor > 0 && !facts.refunded && decideRefundOfRevoked(facts).allowed
  if (givesUpMoney && !withoutRefund) return refuse('refundAvailable', { status, paidAt }, insteadOfLosing(facts))
  return { allowed: true, done: false, as: 'closed', givesUpMoney } as const
}

function decideDeletionOfRefused(facts: EndingFacts, wish: { readonly now: number; readonly withoutRefund: boolean }) {
  const decision = decideCancel(facts, wish)
  if (decision.allowed) return { ...decision, as: 'cancelled' as const }
  return decision.code === 'refundPeriodOver' ? { ...decision, possible: ['deleteWithoutRefund' as const] } : decision
}
