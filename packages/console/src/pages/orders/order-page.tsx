/**
 * One order: what was bought, its payments, and what follows from it.
 *
 * @module
 */
import type { OrderDetail, OrderView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import type { PageProps } from '../../app/page-props.ts'
import { gradeOf } from '../../components/grade.ts'
import { LinkButton } from '../../components/link-button.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { OfferFacts } from '../../components/offer-facts.tsx'
import { formatMoney } from '../../components/money.ts'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { useBrandTitle } from '../../components/brand-title.ts'
import { ORDER_TONES, orderPlace, productTitle } from './order-terms.ts'
import { Payments } from './payments.tsx'
import { PayOrder } from './pay-order.tsx'
import { WhatFollows } from './what-follows.tsx'

const UNPAID_REFRESH_MS = 5000

/** Money came in and did not pay the order. */
const WRONG_MONEY = new Set(['payAgain', 'moneyOnBalance'])

export function OrderPage({ params }: PageProps) {
  const { t } = useTranslation()
  const id = params['id'] ?? ''
  const order = useQuery({
    queryKey: keys.order(id),
    queryFn: () => api.orders.get({ id }),
    refetchInterval: ({ state: { data } }) => (data?.state === 'placed' ? UNPAID_REFRESH_MS : false),
  })
  if (order.isPending) return <Loading />
  if (order.data === undefined) return <ProblemNotice error={order.error} onRetry={() => void order.refetch()} />
  return (
    <>
      <PageHead
        title={t('orders.titleOf', { id })}
        actions={
          <>
            {order.data.paidAt !== null && (
              <LinkButton href={`${orderPlace(id)}/confirmation`} type="default">
                {t('orders.confirmation')}
              </LinkButton>
            )}
            <LinkButton href="/orders" type="default">
              {t('orders.back')}
            </LinkButton>
          </>
        }
      />
      {WRONG_MONEY.has(order.data.nextStep.code) && (
        <Alert
          className="order-warning"
          type="warning"
          showIcon
          role="alert"
          title={<Sentence of={order.data.nextStep.text} />}
        />
      )}
      <Facts order={order.data} />
      {order.data.state === 'placed' && <PayOrder order={order.data} />}
      {order.data.certificateId !== null && <WhatFollows order={order.data} certificateId={order.data.certificateId} />}
      {(order.data.state === 'cancelled' || order.data.state === 'expired') && <Ended order={order.data} />}
      <Payments orderId={id} />
    </>
  )
}

function Facts({ order }: { readonly order: OrderDetail }) {
  const { t } = useTranslation()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  const { specification, renewsCertificateId, paidAt } = order
  const brandTitle = useBrandTitle()
  return (
    <section className="panel" aria-label={t('orders.facts')}>
      <dl className="fact-list">
        <dt>{t('orders.state')}</dt>
        <dd>
          <Mark tone={ORDER_TONES[order.state]}>{t(`orders.states.${order.state}`)}</Mark>
        </dd>
        <dt>{t('orders.product')}</dt>
        <dd>
          <strong>{productTitle(products.data?.items, order.productId)}</strong>
          <div className="muted">
            {[
              brandTitle(specification.brand),
              specification.certificateType,
              t(`terms.domainType.${specification.domainType}`),
              gradeOf(specification.grade),
            ].join(' · ')}
          </div>
        </dd>
        <dt>{t('orders.kind')}</dt>
        <dd>
          {t(`orders.kinds.${order.kind}`)}
          {renewsCertificateId !== null && (
            <>
              {' · '}
              <Link href={`/certificates/${encodeURIComponent(renewsCertificateId)}`}>{t('orders.oldCertificate')}</Link>
            </>
          )}
        </dd>
        <dt>{t('orders.what')}</dt>
        <dd>
          {t('terms.years', { count: order.termYears })} · {t('orders.domains', { count: order.domainCount })}
        </dd>
        {order.offer !== null && <OfferFacts offer={order.offer} />}
        <dt>{t('orders.price')}</dt>
        <dd className="amount-big">{formatMoney(order.price)}</dd>
        <dt>{t('orders.placedAt')}</dt>
        <dd>
          <Moment at={order.placedAt} />
        </dd>
        {paidAt !== null && (
          <>
            <dt>{t('orders.paidAt')}</dt>
            <dd>
              <Moment at={paidAt} />
            </dd>
          </>
        )}
        {order.state === 'placed' && !WRONG_MONEY.has(order.nextStep.code) && (
          <>
            <dt>{t('orders.nextStep')}</dt>
            <dd>
              <Sentence of={order.nextStep.text} />
            </dd>
          </>
        )}
      </dl>
    </section>
  )
}

/** Neither paid nor to be paid any more. */
function Ended({ order }: { readonly order: OrderView }) {
  const { t } = useTranslation()
  const again =
    order.renewsCertificateId === null ? '/buy' : `/certificates/${encodeURIComponent(order.renewsCertificateId)}/renewal`
  return (
    <section className="panel" aria-label={t('orders.next')}>
      <h2>{t('orders.next')}</h2>
      {!WRONG_MONEY.has(order.nextStep.code) && (
        <p>{order.state === 'expired' ? t('orders.expiredText') : t('orders.cancelledText')}</p>
      )}
      <LinkButton href={again}>{t('orders.orderAgain')}</LinkButton>
    </section>
  )
}
