/**
 * Term and number of domains of the chosen product, its quote, and the order.
 *
 * @module
 */
import type { OrderRequest, ProductView, QuoteView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import InputNumber from 'antd/es/input-number'
import Radio from 'antd/es/radio'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { keys } from '../../api/keys.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { isOfCode, PromotionCode } from '../../components/promotion-code.tsx'
import { ReducedPrice } from '../../components/reduced-price.tsx'
import { pick } from '../../i18n/i18n.ts'
import { orderPlace } from '../orders/order-terms.ts'

const MAX_DOMAINS = 250

/** They hold exactly one name. */
const ONE_DOMAIN = new Set(['single', 'wildcard'])

export function Configure({ product }: { readonly product: ProductView }) {
  const { t } = useTranslation()
  const terms = product.prices.map(({ termYears }) => termYears)
  const [termYears, setTermYears] = useState(terms[0] ?? 1)
  const [domainCount, setDomainCount] = useState(startCount(product))
  const [promotionCode, setPromotionCode] = useState<string | undefined>()
  const request = { productId: product.id, termYears, domainCount, promotionCode } satisfies OrderRequest
  const quote = useQuery({
    queryKey: keys.quote(request),
    queryFn: () => api.quotes.create(request),
    placeholderData: (previous) => previous,
  })
  const included = product.prices.find((price) => price.termYears === termYears)
  return (
    <section className="panel buy-side" aria-label={t('buy.configure')}>
      <h2>{t('buy.configure')}</h2>
      <p className="record-name">{pick(product.title)}</p>
      <Form layout="vertical">
        <Form.Item label={t('buy.term')}>
          <Radio.Group
            aria-label={t('buy.term')}
            value={termYears}
            optionType="button"
            options={terms.map((years) => ({ value: years, label: t('terms.years', { count: years }) }))}
            onChange={(event) => setTermYears(Number(event.target.value))}
          />
        </Form.Item>
        <Form.Item
          label={t('buy.domainCount')}
          htmlFor="domainCount"
          extra={
            ONE_DOMAIN.has(product.specification.domainType)
              ? t(`buy.oneDomain.${product.specification.domainType === 'single' ? 'single' : 'wildcard'}`)
              : t('buy.domainHelp', {
                  count: included?.includedDomains ?? 1,
                  amount: included === undefined ? '' : formatMoney(included.extraDomain),
                })
          }
        >
          <InputNumber
            id="domainCount"
            min={1}
            max={MAX_DOMAINS}
            precision={0}
            value={domainCount}
            disabled={ONE_DOMAIN.has(product.specification.domainType)}
            onChange={(count) => setDomainCount(count ?? 1)}
          />
        </Form.Item>
        <PromotionCode error={quote.error} onUse={setPromotionCode} />
      </Form>
      <ProblemNotice error={isOfCode(quote.error) ? null : quote.error} onRetry={() => void quote.refetch()} />
      {quote.data !== undefined && quote.error === null && (
        <Offer quote={quote.data} request={request} isOld={quote.isPlaceholderData} />
      )}
    </section>
  )
}

function startCount({ specification, prices }: ProductView): number {
  return ONE_DOMAIN.has(specification.domainType) ? 1 : Math.max(1, prices[0]?.includedDomains ?? 1)
}

interface OfferProps {
  readonly quote: QuoteView
  readonly request: OrderRequest
  /** Of the configuration before; the new one is on its way. */
  readonly isOld: boolean
}

function Offer({ quote, request, isOld }: OfferProps) {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const keyFor = useIdempotencyKey()
  const { price, topUp, estimate } = quote
  const place = useMutation({
    mutationFn: () => {
      const wanted = { ...request, expectedAmountMinor: price.amountMinor }
      return api.orders.place(wanted, keyFor(wanted))
    },
    onSuccess: async ({ id }) => {
      await queries.prefetchQuery({ queryKey: keys.order(id), queryFn: () => api.orders.get({ id }) })
      void queries.invalidateQueries({ queryKey: keys.orderList })
      go(orderPlace(id))
    },
    onError: () => queries.invalidateQueries({ queryKey: keys.quotes }), // it may be the price that changed
  })
  return (
    <div aria-busy={isOld} className="buy-offer">
      <dl className="fact-list">
        <dt>{t('buy.price')}</dt>
        <dd className="amount-big" aria-live="polite">
          <ReducedPrice of={quote} />
        </dd>
        <dt>{t('buy.entitledUntil')}</dt>
        <dd>
          <Moment at={topUp.entitledUntil} precision="day" />
        </dd>
        {topUp.shortfallDays > 0 && (
          <>
            <dt>{t('buy.certificateUntil')}</dt>
            <dd>
              <Moment at={topUp.certificateUntil} precision="day" />
            </dd>
          </>
        )}
        <dt>{t('buy.estimate')}</dt>
        <dd>{pick(estimate)}</dd>
      </dl>
      {topUp.shortfallDays > 0 && <p className="muted">{t('buy.shortfall')}</p>}
      <p className="muted">{t('buy.orderText')}</p>
      <ProblemNotice error={place.error} />
      <AllowedButton
        operation="orders.place"
        label={t('buy.placeOrder')}
        type="primary"
        size="large"
        block
        loading={place.isPending}
        disabled={isOld}
        onClick={() => place.mutate()}
      />
    </div>
  )
}
