/**
 * What a review must check before it approves, who may decide, and whether an earlier one still counts (DOMAIN §3, §4).
 *
 * @module
 */
import type { ReviewCheck } from '@evercert/contract'
import { AppError } from '../errors.ts'
import { mayReuseIdentityReview } from '../entitlement/reuse.ts'
import type { CertificateType } from '../product/specification.ts'

const OF_OV: readonly ReviewCheck[] = ['legalExistence', 'address', 'telephone', 'applicantAuthority']

/** What a reviewer looks at, in the order in which it is shown; each is confirmed by itself. DV is not reviewed. */
export const REVIEW_CHECKS: Readonly<Record<CertificateType, readonly ReviewCheck[]>> = {
  DV: [],
  OV: OF_OV,
  EV: [...OF_OV, 'physicalExistence', 'superiorApproval', 'bankPermit'],
}

export type Approver = {
  readonly personId: string
  /** Who submitted the application; null when that was before it was recorded, and then nobody can be told apart. */
  readonly submittedBy: string | null
}

/** Also when nobody knows who submitted it. */
export function isOwn({ personId, submittedBy }: Approver): boolean {
  return submittedBy === null || submittedBy === personId
}

/** @throws AppError `reviewerIsApplicant` */
export function checkApprover(approver: Approver): void {
  if (!isOwn(approver)) return
  throw new AppError(
    'reviewerIsApplicant',
    'Deciding on the review: the application was submitted by the same person or token: have somebody else decide, with a user or token of their own.',
  )
}

/** @throws AppError `reviewIncomplete` naming the checks that are not confirmed */
export function checkEvidence(type: CertificateType, confirmed: readonly ReviewCheck[]): void {
  const missing = REVIEW_CHECKS[type].filter((check) => !confirmed.includes(check))
  if (missing.length === 0) return
  throw new AppError(
    'reviewIncomplete',
    `Approving the application: these checks are not confirmed: ${missing.join(', ')}: make them, or refuse it with a reason.`,
    { facts: { missing } },
  )
}

/** A review that approved the same organisation before. */
export type EarlierReview = {
  readonly certificateType: CertificateType
  /** When people last looked, epoch milliseconds: of a review that itself used an earlier one, that one's time. */
  readonly reviewedAt: number
  readonly decidedBy: string
}

/**
 * Whether an earlier review stands in for another: of the same kind or the stricter one, fresh enough for today, and not by whoever
 * submits now.
 */
export function mayReuseReview(
  earlier: EarlierReview,
  wanted: { readonly certificateType: CertificateType; readonly submittedBy: string },
  now: number,
): boolean {
  const covers = REVIEW_CHECKS[wanted.certificateType].every((check) => REVIEW_CHECKS[earlier.certificateType].includes(check))
  return covers && earlier.decidedBy !== wanted.submittedBy && mayReuseIdentityReview(earlier.reviewedAt, now)
}
