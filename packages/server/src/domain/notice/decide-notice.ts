/**
 * Whether a certificate's owner has to be told something now, and when to look again.
 *
 * @module
 */
import type { Validity } from '../certificate/window.ts'
import { currentStage, nextStageAt, type Stage } from './stages.ts'

/** What is stored of a certificate, as far as its notices depend on it. Instants in epoch milliseconds. */
export interface NoticeFacts {
  /** Cancelled, refunded, closed or revoked: nobody waits for it any more. */
  readonly closed: boolean
  /** The current issuance; null when nothing is issued. */
  readonly issuance: IssuanceFacts | null
  /** The one before it. It is what clients still see while the current one is not proved to be served. */
  readonly previousIssuance: IssuanceFacts | null
  readonly servedAt: number | null
  readonly endpointCount: number
  /** The live renewal in which this certificate is the old one. */
  readonly renewal: { readonly issued: boolean; readonly served: boolean } | null
}

export interface IssuanceFacts extends Validity {
  readonly id: string
}

/** How far its renewal is: decides what the text advises. */
export type RenewalProgress = 'none' | 'underWay' | 'issuedNotServed'

export interface DueNotice extends Stage {
  readonly issuanceId: string
  readonly notAfter: number
  readonly progress: RenewalProgress
}

export interface NoticeDecision {
  /** The stage that the certificate is in. Whether it was told already is for the unique index to say. */
  readonly due: DueNotice | null
  /** When the next stage begins; null: never, until another certificate is issued for it. */
  readonly nextAt: number | null
}

const NOTHING: NoticeDecision = { due: null, nextAt: null }

/**
 * Only the stage that has been reached is due: after a pause, or for an upload with five days left, earlier leads are not told one
 * after the other. Issuing a renewal stops nothing; serving it does (the old certificate is what clients see until then).
 */
export function decideNotice(facts: NoticeFacts, leadsDays: readonly number[], now: number): NoticeDecision {
  const issuance = expiringIssuance(facts)
  if (issuance === null || isSettled(facts)) return NOTHING
  const stage = currentStage(issuance, leadsDays, now)
  const due =
    stage === null ? null : { ...stage, issuanceId: issuance.id, notAfter: issuance.notAfter, progress: progressOf(facts) }
  return { due, nextAt: nextStageAt(issuance, leadsDays, now) }
}

/** Whether nobody needs to be told about the expiry of this certificate any more. */
export function isSettled(facts: NoticeFacts): boolean {
  return facts.closed || facts.renewal?.served === true
}

/** What clients see: the issuance before, while a reissue is not proved at the endpoints that the certificate has. */
export function expiringIssuance(facts: NoticeFacts): IssuanceFacts | null {
  const awaitsProof = facts.servedAt === null && facts.endpointCount > 0 && facts.issuance !== null
  return (awaitsProof ? facts.previousIssuance : null) ?? facts.issuance
}

function progressOf(facts: NoticeFacts): RenewalProgress {
  if (facts.renewal?.issued === true || expiringIssuance(facts) !== facts.issuance) return 'issuedNotServed'
  return facts.renewal === null ? 'none' : 'underWay'
}
