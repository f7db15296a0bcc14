/**
 * The certificate that an order bought: what is next for it, and cancelling or refunding it (docs/lifecycle.md).
 *
 * @module
 */
import type { CertificateDetail, EndingView, OrderView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { DoneNotice } from '../../components/done-notice.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { StatusMark } from '../../components/status-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { nextPlace } from '../certificates/next-place.ts'
import { EndCertificate } from './end-certificate.tsx'

interface WhatFollowsProps {
  readonly order: OrderView
  readonly certificateId: string
}

const ENDED = new Set(['cancelled', 'refunded', 'closed'])

export function WhatFollows({ order, certificateId }: WhatFollowsProps) {
  const { t } = useTranslation()
  const [ended, setEnded] = useState<EndingView | null>(null)
  const certificate = useQuery({
    queryKey: keys.certificate(certificateId),
    queryFn: () => api.certificates.get({ id: certificateId }),
  })
  return (
    <section className="panel" aria-label={t('orders.next')}>
      <h2>{t('orders.next')}</h2>
      <DoneNotice
        title={ended === null ? null : t(`orders.endedTitle.${ended.status === 'refunded' ? 'refunded' : 'cancelled'}`)}
      >
        {ended !== null && <EndedText ended={ended} />}
      </DoneNotice>
      {certificate.isPending && <Loading />}
      <ProblemNotice error={certificate.error} onRetry={() => void certificate.refetch()} />
      {certificate.data !== undefined && (
        <>
          <CertificateFacts certificate={certificate.data} />
          {!ENDED.has(certificate.data.status) && (
            <div className="button-row">
              <LinkButton href={nextPlace(certificate.data)}>{t('orders.goOn')}</LinkButton>
              {order.state === 'paid' && <EndCertificate order={order} certificate={certificate.data} onEnded={setEnded} />}
            </div>
          )}
        </>
      )}
    </section>
  )
}

function CertificateFacts({ certificate }: { readonly certificate: CertificateDetail }) {
  const { t } = useTranslation()
  const { id, name, nextStep, entitlement } = certificate
  return (
    <dl className="fact-list">
      <dt>{t('orders.certificate')}</dt>
      <dd>
        <Link href={`/certificates/${encodeURIComponent(id)}`} className="record-name">
          {name}
        </Link>
      </dd>
      <dt>{t('orders.status')}</dt>
      <dd>
        <StatusMark certificate={certificate} />
      </dd>
      <dt>{t('orders.nextStep')}</dt>
      <dd>
        <Sentence of={nextStep.text} />
      </dd>
      {entitlement !== null && (
        <>
          <dt>{t('orders.entitlement')}</dt>
          <dd>
            {entitlement.endedAt === null ? t('orders.entitledUntil') : t('orders.entitlementEnded')}{' '}
            <Moment at={entitlement.endedAt ?? entitlement.entitledUntil} />
          </dd>
        </>
      )}
    </dl>
  )
}

/** What ending it did to certificate, balance and the old certificate. */
function EndedText({ ended: { refund, oldCertificateId, oldActsAt } }: { readonly ended: EndingView }) {
  const { t } = useTranslation()
  return (
    <ul className="consequences">
      <li>{refund === null ? t('orders.noMoneyBack') : t('orders.moneyBack', { amount: formatMoney(refund) })}</li>
      <li>{t('orders.keysDestroyed')}</li>
      {oldCertificateId !== null && (
        <li>
          <Link href={`/certificates/${encodeURIComponent(oldCertificateId)}`}>{t('orders.oldRenewable')}</Link>
          {oldActsAt !== null && (
            <>
              {' · '}
              {t('orders.oldActs')} <Moment at={oldActsAt} />
            </>
          )}
        </li>
      )}
    </ul>
  )
}
