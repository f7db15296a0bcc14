/**
 * Which step of a renewal comes next: from what the service has stored, nothing else.
 *
 * @module
 */
import type { CertificateView, RenewalView } from '@evercert/contract'

export const STEPS = ['quote', 'pay', 'apply', 'validate', 'review', 'install', 'proved'] as const
export type ProcessStep = (typeof STEPS)[number]

type Certificate = Pick<CertificateView, 'status' | 'nextStep' | 'servedAt' | 'sha256'> & {
  readonly renewalProcess: RenewalView | null
}

const BY_STATUS: Readonly<Record<string, ProcessStep>> = {
  pendingApplication: 'apply',
  reviewFailed: 'apply',
  pendingValidation: 'validate',
  inReview: 'review',
}

const BY_NEXT_STEP: Readonly<Record<string, ProcessStep>> = {
  reissue: 'apply',
  correctApplication: 'apply',
  completeValidation: 'validate',
  awaitValidation: 'validate',
  awaitHostKey: 'validate',
  startAgent: 'validate',
  mendHostKey: 'validate',
  await: 'review',
  review: 'review',
}

/**
 * @param old the certificate that is renewed; null when it is an application alone
 * @param fresh the certificate that takes its place; null while the order is not paid
 * @param isReissue somebody wants it issued again, although that is not due
 */
export function stepOf(old: Certificate | null, fresh: Certificate | null, isReissue = false): ProcessStep {
  if (fresh === null) return old?.renewalProcess?.state === 'ordered' ? 'pay' : 'quote'
  const step = BY_STATUS[fresh.status] ?? BY_NEXT_STEP[fresh.nextStep.code]
  if (step !== undefined) return step
  if (isReissue) return 'apply'
  return fresh.servedAt === null ? 'install' : 'proved'
}
