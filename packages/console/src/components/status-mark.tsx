/**
 * A certificate's status: a shape and a word, so that it is told apart without colours too.
 *
 * @module
 */
import type { CertificateStatusView, CertificateView } from '@evercert/contract'
import { pick } from '../i18n/i18n.ts'
import './status-mark.css'

export type Tone = 'good' | 'warning' | 'bad' | 'busy' | 'todo' | 'ended'

export const STATUS_TONES: Readonly<Record<CertificateStatusView, Tone>> = {
  pendingApplication: 'todo',
  pendingValidation: 'todo',
  inReview: 'busy',
  reviewFailed: 'bad',
  issued: 'good',
  expiringSoon: 'warning',
  expired: 'bad',
  revocationPending: 'busy',
  revoked: 'ended',
  cancelled: 'ended',
  refunded: 'ended',
  closed: 'ended',
}

export function StatusMark({ certificate }: { readonly certificate: Pick<CertificateView, 'status' | 'statusText'> }) {
  return <Mark tone={STATUS_TONES[certificate.status]}>{pick(certificate.statusText)}</Mark>
}

export function Mark({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <span className="mark" data-tone={tone}>
      {children}
    </span>
  )
}
