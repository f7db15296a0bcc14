/**
 * Name, status and next step of a certificate, with what can be done.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { StatusMark } from '../../components/status-mark.tsx'
import { Moment } from '../../components/moment.tsx'
import { Validity } from '../../components/validity.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { RowActions } from '../certificates/row-actions.tsx'

export function CertificateHead({ certificate }: { readonly certificate: CertificateDetail }) {
  const { t } = useTranslation()
  const { id, name, nextStep, servedAt, isNew } = certificate
  return (
    <>
      <p className="back">
        <Link href="/">‹ {t('shell.certificates')}</Link>
      </p>
      <h1 className="page-title">
        {isNew && <span className="new-mark">{t('certificates.isNew')}</span>}
        {name}
      </h1>
      <section className="panel head" aria-label={t('certificate.state')}>
        <div>
          <StatusMark certificate={certificate} />
          <Validity certificate={certificate} />
        </div>
        <div className="head-next" aria-live="polite">
          <p className="muted">
            {t('certificates.nextStep')} · {t(`terms.mover.${nextStep.mover}`)}
          </p>
          <p className="head-step">
            <Sentence of={nextStep.text} />
          </p>
          {servedAt !== null && (
            <>
              <p className="muted">
                {t('certificates.provedAt')} <Moment at={servedAt} precision="second" />
              </p>
              <p>
                <Link href={`/receipts?certificate=${encodeURIComponent(id)}`}>{t('shell.receipts')}</Link>
              </p>
            </>
          )}
        </div>
        <RowActions certificate={certificate} />
      </section>
    </>
  )
}
