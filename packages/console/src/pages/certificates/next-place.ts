/**
 * Where a certificate's next step is done.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'

const IN_APPLICATION = new Set(['pendingApplication', 'pendingValidation', 'inReview', 'reviewFailed'])

/** An application is to be submitted or is under way. */
export function isApplying({ status, nextStep }: CertificateView): boolean {
  return (
    IN_APPLICATION.has(status) ||
    [
      'correctApplication',
      'completeValidation',
      'awaitValidation',
      'awaitHostKey',
      'startAgent',
      'mendHostKey',
      'reissue',
    ].includes(nextStep.code)
  )
}

export function certificatePlace({ id }: Pick<CertificateView, 'id'>): string {
  return `/certificates/${encodeURIComponent(id)}`
}

export function renewalPlace(certificate: Pick<CertificateView, 'id'>): string {
  return `${certificatePlace(certificate)}/renewal`
}

export function applicationPlace(certificate: Pick<CertificateView, 'id'>): string {
  return `${certificatePlace(certificate)}/application`
}

/** The page on which somebody does what is next, or sees it happen. */
export function nextPlace(certificate: CertificateView): string {
  if (isApplying(certificate)) return applicationPlace(certificate)
  if (certificate.renewal.action === 'renew' || certificate.nextStep.code === 'pay') return renewalPlace(certificate)
  return certificatePlace(certificate)
}
