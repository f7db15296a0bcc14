/**
 * When a CA is asked again whether a certificate was revoked, and what follows when it was.
 *
 * @module
 */
import type { RevocationReasonName } from '@evercert/pki/revocation'
import type { ApplicationState } from '../application/application-machine.ts'
import { HOUR_MS, MINUTE_MS } from '../time.ts'

/** A tenth more or less: lists that were asked for in one moment drift apart. */
const SPREAD = 0.2
/** A list that ends at once is not asked for at once again. */
const MIN_MS = 5 * MINUTE_MS
const FIRST_RETRY_MS = 15 * MINUTE_MS

export interface CheckFacts {
  /** The usual time between two questions. */
  readonly intervalMs: number
  /** 0 to 1 (exclusive). */
  readonly jitter: number
}

/** After an answer: at the usual interval, or when the answer ends if that is sooner. Epoch milliseconds. */
export function nextCheckAt({ intervalMs, jitter }: CheckFacts, nextUpdate: number, now: number): number {
  const usual = Math.min(intervalMs, Math.max(0, nextUpdate - now))
  return Math.round(now + Math.max(MIN_MS, usual) * (1 - SPREAD / 2 + SPREAD * jitter))
}

/** After a failure: ever later, up to the usual interval. @param failures at least 1, this one included */
export function retryCheckAt({ intervalMs, jitter }: CheckFacts, failures: number, now: number): number {
  const delay = Math.min(intervalMs, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
  return Math.round(now + delay * (1 - SPREAD / 2 + SPREAD * jitter))
}

export interface FindingFacts {
  /** It is the current issuance of a certificate that has not ended. */
  readonly isCurrent: boolean
  readonly reason: RevocationReasonName
  /** Of the application in progress; null when there is none. */
  readonly application: ApplicationState | null
}

/**
 * - `end`: the certificate is revoked, with everything that follows.
 * - `wait`: a reissue is on its way and will be valid; the certificate ends only if that comes to nothing.
 * - `tell`: sites that show it are told of; the certificate itself goes on. On hold it may be valid again (RFC 5280 §5.3.1).
 */
export type FindingDecision = 'end' | 'wait' | 'tell'

export function decideFinding({ isCurrent, reason, application }: FindingFacts): FindingDecision {
  if (!isCurrent || reason === 'certificateHold') return 'tell'
  return application === 'pendingValidation' || application === 'inReview' ? 'wait' : 'end'
}

/** How soon it is looked at again whether a reissue came. */
export const LOOK_AGAIN_MS = HOUR_MS
