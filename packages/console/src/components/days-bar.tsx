/**
 * How much of a certificate's life is left, as a bar beside the words that say it.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import './days-bar.css'

type Validity = Pick<CertificateView, 'notBefore' | 'notAfter' | 'daysLeft' | 'status'>

const DAY_MS = 86_400_000

export function DaysBar({ certificate }: { readonly certificate: Validity }) {
  const { notBefore, notAfter, daysLeft, status } = certificate
  if (notBefore === null || notAfter === null || daysLeft === null) return null
  const life = (Date.parse(notAfter) - Date.parse(notBefore)) / DAY_MS
  const share = Math.min(1, Math.max(0, daysLeft / life))
  return (
    <svg className="days-bar" data-status={status} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect className="days-bar-track" width="100" height="4" rx="2" />
      <rect className="days-bar-left" width={Math.max(1, share * 100)} height="4" rx="2" />
    </svg>
  )
}
