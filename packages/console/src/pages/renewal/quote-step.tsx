/**
 * What a renewal costs, what is topped up and until when, and what a changed attribute loses. Bought here: the old configuration is
 * chosen already. Uploaded: the four attributes stand side by side (DOMAIN §3.5, §3.6).
 *
 * @module
 */
import type { CertificateDetail, OrderRequest, ProductView, QuoteView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Form from 'antd/es/form'
import InputNumber from 'antd/es/input-number'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { isSold } from '../../components/is-sold.ts'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { keys } from '../../api/keys.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { isOfCode, PromotionCode } from '../../components/promotion-code.tsx'
import { ReducedPrice } from '../../components/reduced-price.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { pick } from '../../i18n/i18n.ts'
import { Comparison } from './comparison.tsx'
import { useQuoteChoice, type QuoteChoice } from './quote-choice.ts'

export function QuoteStep({ old }: { readonly old: CertificateDetail }) {
  const { t } = useTranslation()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  const isUploaded = old.origin === 'uploaded'
  const [change, setChange] = useQuoteChoice()
  const request: OrderRequest = { renewsCertificateId: old.id, ...change }
  const isChosen = !isUploaded || change.productId !== undefined
  const quote = useQuery({
    queryKey: keys.quote(request),
    queryFn: () => api.quotes.create(request),
    enabled: old.renewal.eligible && isChosen,
    placeholderData: (previous) => previous,
  })
  if (!old.renewal.eligible) return <NotOffered old={old} />
  if (products.isPending) return <Loading />
  if (products.data === undefined) return <ProblemNotice error={products.error} onRetry={() => void products.refetch()} />
  const sold = products.data.items.filter((each) => isSold(each) && each.supportsRenewal)
  const productId = change.productId ?? quote.data?.productId
  const product = sold.find(({ id }) => id === productId)
  return (
    <>
      <p>{isUploaded ? t('renewal.uploadedIntro') : t('renewal.boughtIntro')}</p>
      <Configuration old={old} sold={sold} product={product} quote={quote.data} change={change} onChange={setChange} />
      <Comparison known={old.knownSpecification} chosen={product?.specification ?? null} quote={quote.data ?? null} />
      <ProblemNotice error={quote.error} onRetry={() => void quote.refetch()} />
      {isChosen && quote.data !== undefined && (
        <Offers old={old} quote={quote.data} request={request} isOld={quote.isPlaceholderData} />
      )}
    </>
  )
}

/** Says why: the server refuses it as well. */
function NotOffered({ old }: { readonly old: CertificateDetail }) {
  const { t } = useTranslation()
  const refusal = old.renewal.reasons[0]
  return (
    <>
      <Alert
        type="info"
        showIcon
        title={t('renewal.notOffered')}
        description={refusal === undefined ? null : <Sentence of={refusal.text} />}
      />
      <div className="buttons">
        {refusal !== undefined && BOUGHT_ANEW.has(refusal.code) && <LinkButton href="/buy">{t('buy.title')}</LinkButton>}
        <Link href={`/certificates/${encodeURIComponent(old.id)}`}>{t('renewal.toCertificate')}</Link>
      </div>
    </>
  )
}

/** Nothing will make these renewable. */
const BOUGHT_ANEW: ReadonlySet<string> = new Set(['renewalBrandUnsupported', 'certificateExpired', 'certificateRevoked'])

interface ConfigurationProps {
  readonly old: CertificateDetail
  readonly sold: readonly ProductView[]
  readonly product: ProductView | undefined
  readonly quote: QuoteView | undefined
  readonly change: QuoteChoice
  readonly onChange: (change: QuoteChoice) => void
}

function Configuration({ old, sold, product, quote, change, onChange }: ConfigurationProps) {
  const { t } = useTranslation()
  const terms = product?.prices.map(({ termYears }) => termYears) ?? []
  return (
    <Form layout="vertical" className="configuration">
      <Form.Item label={t('renewal.product')} htmlFor="product" className="configuration-product">
        <Select
          id="product"
          showSearch={{ optionFilterProp: 'label' }}
          value={product?.id ?? null}
          placeholder={t('renewal.chooseProduct')}
          options={sold.map(({ id, title }) => ({
            value: id,
            label: id === old.productId ? t('renewal.asBefore', { title: pick(title) }) : pick(title),
          }))}
          onChange={(productId) => onChange({ ...change, productId: productId ?? undefined })}
        />
      </Form.Item>
      <Form.Item label={t('renewal.domainCount')} htmlFor="domainCount">
        <InputNumber
          id="domainCount"
          min={1}
          max={250}
          value={change.domainCount ?? quote?.domainCount ?? null}
          onChange={(count) => onChange({ ...change, ...(count !== null && { domainCount: count }) })}
        />
      </Form.Item>
      <Form.Item label={t('renewal.term')} htmlFor="term">
        <Select
          id="term"
          value={change.termYears ?? quote?.termYears ?? null}
          options={terms.map((years) => ({ value: years, label: t('terms.years', { count: years }) }))}
          onChange={(termYears) => onChange({ ...change, ...(termYears !== null && { termYears }) })}
        />
      </Form.Item>
    </Form>
  )
}

interface OfferProps {
  readonly old: CertificateDetail
  readonly quote: QuoteView
  readonly request: OrderRequest
  /** The quote of the configuration before; the new one is on its way. */
  readonly isOld: boolean
}

/** With the code that was given, or without one: the configuration stays as it is when a code is refused. */
function Offers({ old, quote, request, isOld }: OfferProps) {
  const [promotionCode, setPromotionCode] = useState<string | undefined>()
  const wanted = { ...request, promotionCode }
  const hasCode = promotionCode !== undefined
  const reduced = useQuery({
    queryKey: keys.quote(wanted),
    queryFn: () => api.quotes.create(wanted),
    enabled: hasCode,
  })
  const error = hasCode ? reduced.error : null
  const offered = hasCode ? (error === null ? reduced.data : undefined) : quote
  return (
    <>
      <Form layout="vertical">
        <PromotionCode error={error} onUse={setPromotionCode} />
      </Form>
      <ProblemNotice error={isOfCode(error) ? null : error} onRetry={() => void reduced.refetch()} />
      {offered !== undefined && <Offer old={old} quote={offered} request={wanted} isOld={isOld} />}
    </>
  )
}

function Offer({ old, quote, request, isOld }: OfferProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const keyFor = useIdempotencyKey()
  const { price, topUp } = quote
  const order = useMutation({
    mutationFn: () => {
      const wanted = { ...request, expectedAmountMinor: price.amountMinor }
      return api.orders.place(wanted, keyFor(wanted))
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.certificates }),
    onError: () => queries.invalidateQueries({ queryKey: keys.quotes }), // it may be the price that changed
  })
  return (
    <section aria-busy={isOld} className="offer">
      <Alert
        type={topUp.granted ? 'success' : topUp.lostDays > 0 ? 'warning' : 'info'}
        showIcon
        title={topUp.granted ? t('renewal.toppedUp') : t('renewal.notToppedUp')}
        description={<Sentence of={topUp.explanation} />}
      />
      <dl className="facts">
        <dt>{t('renewal.oldUntil')}</dt>
        <dd>{old.notAfter === null ? '–' : <Moment at={old.notAfter} />}</dd>
        <dt>{t('renewal.entitledUntil')}</dt>
        <dd>
          <strong>
            <Moment at={topUp.entitledUntil} />
          </strong>
        </dd>
        {topUp.shortfallDays > 0 && (
          <>
            <dt>{t('renewal.certificateUntil')}</dt>
            <dd>
              <Moment at={topUp.certificateUntil} /> {t('renewal.shortfall', { count: topUp.shortfallDays })}
            </dd>
          </>
        )}
        <dt>{t('renewal.estimate')}</dt>
        <dd>{pick(quote.estimate)}</dd>
        <dt>{t('renewal.price')}</dt>
        <dd className="price number">
          <ReducedPrice of={quote} />
        </dd>
      </dl>
      <ProblemNotice error={order.error} />
      <AllowedButton
        operation="orders.place"
        label={t('renewal.confirm')}
        type="primary"
        size="large"
        loading={order.isPending}
        disabled={isOld}
        onClick={() => order.mutate()}
      />
    </section>
  )
}
