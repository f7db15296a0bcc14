/**
 * What was issued for a certificate over the period that is paid for, the newest first: one of them is current.
 *
 * @module
 */
import type { IssuanceView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { CopyText } from '../../components/copy-text.tsx'
import { Moment } from '../../components/moment.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { KeyPlace } from './key-place.tsx'

export function Issuances({ issuances }: { readonly issuances: readonly IssuanceView[] }) {
  const { t } = useTranslation()
  return (
    <ol className="issuances">
      {issuances.map(({ sha256, notBefore, notAfter, storedAt, isCurrent, key }) => (
        <li key={`${sha256} ${storedAt}`}>
          <div className="issuance-head">
            <span>
              <Moment at={notBefore} precision="day" /> – <Moment at={notAfter} precision="day" />
            </span>
            <Mark tone={isCurrent ? 'good' : 'ended'}>{t(isCurrent ? 'certificate.current' : 'certificate.superseded')}</Mark>
          </div>
          <p className="muted">
            {t('certificate.storedAt')} <Moment at={storedAt} /> · <KeyPlace issuanceKey={key} />
          </p>
          <CopyText text={sha256} what={`SHA-256 ${notAfter.slice(0, 10)}`} />
        </li>
      ))}
    </ol>
  )
}
