/**
 * Paying an order: from the balance, or by what the operator connected.
 *
 * @module
 */
import type { OrderDetail, PaymentView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Popconfirm from 'antd/es/popconfirm'
import Radio from 'antd/es/radio'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { keys } from '../../api/keys.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useBrandTitle } from '../../components/brand-title.ts'
import { CopyText } from '../../components/copy-text.tsx'
import { gradeOf } from '../../components/grade.ts'
import { Loading } from '../../components/loading.tsx'
import { formatMoney } from '../../components/money.ts'
import { Moment } from '../../components/moment.tsx'
import { OfferFacts } from '../../components/offer-facts.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { ReducedPrice } from '../../components/reduced-price.tsx'
import { productTitle } from '../orders/order-terms.ts'

const POLL_MS = 5000

export function PayStep({ orderId }: { readonly orderId: string }) {
  const order = useQuery({ queryKey: keys.order(orderId), queryFn: () => api.orders.get({ id: orderId }) })
  const payments = useQuery({
    queryKey: keys.payments(orderId),
    queryFn: () => api.payments.list({ orderId }),
    refetchInterval: POLL_MS,
  })
  if (order.data === undefined) {
    return order.isPending ? <Loading /> : <ProblemNotice error={order.error} onRetry={() => void order.refetch()} />
  }
  const open = payments.data?.items.filter(({ state, place }) => state === 'created' && place !== null) ?? []
  return (
    <>
      <Bought order={order.data} />
      {open.map((payment) => (
        <OpenPayment key={payment.id} payment={payment} />
      ))}
      <Methods orderId={orderId} currency={order.data.price.currency} />
    </>
  )
}

/** Whoever comes back later pays for what they see, not for a number. */
function Bought({ order }: { readonly order: OrderDetail }) {
  const { t } = useTranslation()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  const { id, productId, specification, termYears, domainCount, offer, placedAt } = order
  const { brand, certificateType, domainType, grade } = specification
  const brandTitle = useBrandTitle()
  return (
    <section aria-labelledby="bought">
      <h3 id="bought">{t('offer.bought')}</h3>
      <dl className="facts">
        <dt>{t('renewal.product')}</dt>
        <dd>
          <strong>{productTitle(products.data?.items, productId)}</strong>
          <div className="muted">
            {[brandTitle(brand), certificateType, t(`terms.domainType.${domainType}`), gradeOf(grade)].join(' · ')}
          </div>
        </dd>
        <dt>{t('orders.what')}</dt>
        <dd>
          {t('terms.years', { count: termYears })} · {t('orders.domains', { count: domainCount })}
        </dd>
        {offer !== null && <OfferFacts offer={offer} />}
        <dt>{t('renewal.orderId')}</dt>
        <dd>
          <span className="mono break">{id}</span>
          <div className="muted">
            {t('renewal.orderedAt')} <Moment at={placedAt} />
          </div>
        </dd>
        <dt>{t('renewal.price')}</dt>
        <dd className="price number">
          <ReducedPrice of={order} />
        </dd>
      </dl>
    </section>
  )
}

function Methods({ orderId, currency }: { readonly orderId: string; readonly currency: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const keyFor = useIdempotencyKey()
  const [method, setMethod] = useState('balance')
  const balance = useQuery({ queryKey: keys.balance, queryFn: () => api.balance.get() })
  const connections = useQuery({ queryKey: keys.paymentConnections, queryFn: () => api.paymentConnections.list() })
  const refresh = async (): Promise<void> => {
    await Promise.all([keys.certificates, ['orders'], keys.balance].map((queryKey) => queries.invalidateQueries({ queryKey })))
  }
  const pay = useMutation({
    mutationFn: () => api.orders.pay({ id: orderId, method }, keyFor({ orderId, method })),
    onSuccess: refresh,
  })
  const cancel = useMutation({ mutationFn: () => api.orders.cancel({ id: orderId }), onSuccess: refresh })
  const amount = balance.data?.balances.find((money) => money.currency === currency) ?? { amountMinor: 0, currency }
  const ways = connections.data?.items.filter(({ enabled }) => enabled) ?? []
  return (
    <>
      <fieldset className="methods">
        <legend>{t('renewal.method')}</legend>
        <Radio.Group value={method} onChange={(event) => setMethod(String(event.target.value))}>
          <Radio value="balance">{t('renewal.byBalance', { amount: formatMoney(amount) })}</Radio>
          {ways.map(({ id, title }) => (
            <Radio key={id} value={id}>
              {title}
            </Radio>
          ))}
        </Radio.Group>
      </fieldset>
      <ProblemNotice error={pay.error ?? cancel.error} />
      <div className="buttons">
        <AllowedButton
          operation="orders.pay"
          label={t('renewal.pay')}
          type="primary"
          size="large"
          loading={pay.isPending}
          onClick={() => pay.mutate()}
        />
        <CancelOrder isPending={cancel.isPending} onConfirm={() => cancel.mutate()} />
      </div>
    </>
  )
}

function CancelOrder({ isPending, onConfirm }: { readonly isPending: boolean; readonly onConfirm: () => void }) {
  const { t } = useTranslation()
  const lacking = useLacking('orders.cancel')
  if (lacking !== null) return <AllowedButton operation="orders.cancel" label={t('renewal.cancelOrder')} />
  return (
    <Popconfirm
      title={t('renewal.cancelOrderSure')}
      okText={t('renewal.cancelOrder')}
      cancelText={t('renewal.keepOrder')}
      onConfirm={onConfirm}
    >
      <Button loading={isPending}>{t('renewal.cancelOrder')}</Button>
    </Popconfirm>
  )
}

/** What was begun: where to pay, and asking the provider whether the money came. */
function OpenPayment({ payment }: { readonly payment: PaymentView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const check = useMutation({
    mutationFn: () => api.payments.check({ id: payment.id }),
    onSuccess: () => Promise.all([keys.certificates, ['orders']].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
  const { place, received, amount } = payment
  if (place === null) return null
  return (
    <Alert
      type="info"
      showIcon
      className="open-payment"
      title={t('renewal.waitingForMoney', { received: formatMoney(received), amount: formatMoney(amount) })}
      description={
        <>
          {place.kind === 'redirect' ? (
            <p>
              <a href={place.url} target="_blank" rel="noreferrer noopener">
                {t('renewal.goToPay')}
              </a>
            </p>
          ) : (
            <>
              <p className="pre">{place.instructions}</p>
              <CopyText text={place.number} what={t('renewal.invoiceNumber')} />
              <p>
                {t('renewal.dueAt')} <Moment at={place.dueAt} />
              </p>
            </>
          )}
          <ProblemNotice error={check.error} />
          <AllowedButton
            operation="payments.check"
            label={t('renewal.checkPayment')}
            size="small"
            loading={check.isPending}
            onClick={() => check.mutate()}
          />
        </>
      }
    />
  )
}
