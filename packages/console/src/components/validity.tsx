/**
 * How long a certificate is still valid, in words and as a bar.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { t } from '../i18n/i18n.ts'
import { DaysBar } from './days-bar.tsx'
import { formatMoment } from './moment.tsx'

/** No day of it is left, whatever its last one is. */
const ENDED: ReadonlySet<CertificateView['status']> = new Set(['revoked', 'refunded', 'cancelled', 'closed'])

export function Validity({ certificate }: { readonly certificate: CertificateView }) {
  const { notAfter, daysLeft, status } = certificate
  if (notAfter === null || daysLeft === null) return <div className="muted">{t('certificates.notIssued')}</div>
  const until = (
    <div className="muted nowrap" title={`${notAfter.slice(0, 19).replace('T', ' ')} UTC`}>
      {t('certificates.validUntil', { day: formatMoment(notAfter, 'day') })}
    </div>
  )
  if (ENDED.has(status)) return until
  const left =
    daysLeft < 0 ? t('certificates.expiredDays', { count: -daysLeft }) : t('certificates.daysLeft', { count: daysLeft })
  return (
    <>
      <div className="number">{left}</div>
      <DaysBar certificate={certificate} />
      {until}
    </>
  )
}
