/**
 * Renewing many: what cannot be renewed and why, the quote of each with one total, then order and payment from the balance.
 *
 * @module
 */
import type { CertificateView, MoneyView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Select from 'antd/es/select'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isSold } from '../../../components/is-sold.ts'
import { Link } from 'wouter'
import { api } from '../../../api/client.ts'
import { keys } from '../../../api/keys.ts'
import type { RenewalsOwner } from '../../../app/kept-drafts.ts'
import { joinList } from '../../../components/join-list.ts'
import { formatMoney } from '../../../components/money.ts'
import { formatMoment } from '../../../components/moment.tsx'
import { ProblemNotice } from '../../../components/problem-notice.tsx'
import { pick } from '../../../i18n/i18n.ts'
import { BulkFrame } from './bulk-frame.tsx'
import { inLanes } from './in-lanes.ts'
import {
  confirmRenewals,
  forgetRenewals,
  keepRenewals,
  orderAndPay,
  type ConfirmedRenewal,
  type KeptRenewals,
} from './kept-renewals.ts'
import { ScrolledList } from './left-out-list.tsx'
import { isPlanned, needsProduct, planRenewal, type PlannedRenewal } from './plan-renewals.ts'
import { lacking, sumUp } from './sums.ts'
import type { LeftOut } from './report-csv.ts'
import { useBulkRun, type BulkRun } from './use-bulk-run.ts'
import { usePlan } from './use-plan.ts'

/** Payments of one balance wait for each other in any case. */
const CONCURRENCY = 3

interface RenewDialogProps {
  readonly certificates: readonly CertificateView[]
  readonly owner: RenewalsOwner
  /** Is told which were renewed. */
  readonly onClose: (done: readonly string[]) => void
}

export function RenewDialog({ certificates, owner, onClose }: RenewDialogProps) {
  const { t } = useTranslation()
  const [productId, setProductId] = useState<string | null>(null)
  const [without, setWithout] = useState<ReadonlySet<string>>(new Set())
  const { plan, count } = usePlan<PlannedRenewal>(productId ?? '', async (asking) => {
    const all = await inLanes(certificates, (certificate) => planRenewal(certificate, productId, t), asking)
    return { items: all.filter(isPlanned), leftOut: all.filter((one): one is LeftOut => !isPlanned(one)) }
  })
  const balance = useQuery({ queryKey: keys.balance, queryFn: () => api.balance.get() })
  const balances = balance.data?.balances ?? null
  const { run, keep } = useRenewals(owner)
  const { items, leftOut } = plan.data ?? { items: [], leftOut: [] }
  const chosen = items.filter(({ id }) => !without.has(id))
  const sums = sumUp(chosen.map(({ price }) => price))
  const uploaded = certificates.filter(needsProduct).length
  return (
    <BulkFrame
      action="renew"
      title={t('bulk.renewTitle', { count: certificates.length })}
      run={run}
      leftOut={leftOut}
      confirm={chosen.length === 0 ? t('bulk.renew') : t('bulk.renewConfirm', { count: chosen.length, sum: joinMoney(sums) })}
      isReady={chosen.length > 0 && balances !== null && lacking(sums, balances).length === 0}
      onConfirm={() => keep({ ...owner, items: confirmRenewals(chosen), outcomes: {}, leftOut })}
      onClose={() => {
        forgetRenewals()
        onClose(doneOf(run))
      }}
      afterwards={t('bulk.renewAfterwards')}
    >
      {uploaded > 0 && <UploadedProduct count={uploaded} productId={productId} onChange={setProductId} />}
      {plan.isFetching && <p role="status">{t('bulk.quoting', { done: count, all: certificates.length })}</p>}
      <ProblemNotice error={plan.error ?? balance.error} onRetry={() => void Promise.all([plan.refetch(), balance.refetch()])} />
      {items.length > 0 && (
        <>
          <Quotes renewals={items} without={without} onChange={setWithout} />
          <Total count={chosen.length} sums={sums} balances={balances} />
        </>
      )}
    </BulkFrame>
  )
}

interface ResumedRenewalsProps {
  readonly kept: KeptRenewals
  readonly onClose: RenewDialogProps['onClose']
  /** Nothing was begun again: it stays kept. */
  readonly onCancel: () => void
}

/** What a reload interrupted goes on with its own keys. */
export function ResumedRenewals({ kept, onClose, onCancel }: ResumedRenewalsProps) {
  const { t } = useTranslation()
  const { run, keep } = useRenewals(kept)
  const done = Object.values(kept.outcomes).filter(({ result }) => result === 'done').length
  return (
    <BulkFrame
      action="renew"
      title={t('bulk.renewTitle', { count: kept.items.length })}
      run={run}
      leftOut={kept.leftOut}
      confirm={t('bulk.resume', { count: kept.items.length - done })}
      isReady
      onConfirm={() => keep(kept)}
      onClose={() => {
        if (run.phase === 'plan') return onCancel()
        forgetRenewals()
        onClose(doneOf(run))
      }}
      afterwards={t('bulk.renewAfterwards')}
    >
      <p>{t('bulk.resumeText', { done, all: kept.items.length })}</p>
    </BulkFrame>
  )
}

/** Runs what is confirmed, and keeps each outcome at once. */
function useRenewals({ accountId, personId }: RenewalsOwner) {
  const kept = useRef<KeptRenewals>({ accountId, personId, items: [], outcomes: {}, leftOut: [] })
  const remember = (next: KeptRenewals): void => {
    kept.current = next
    if (next.items.every(({ id }) => next.outcomes[id]?.result === 'done')) forgetRenewals()
    else keepRenewals(next)
  }
  const run = useBulkRun<ConfirmedRenewal>({
    concurrency: CONCURRENCY,
    work: async ([renewal], tell) => {
      if (renewal !== undefined) await orderAndPay(renewal, (facts) => tell(renewal, facts))
    },
    onOutcome: ({ id }, outcome) => remember({ ...kept.current, outcomes: { ...kept.current.outcomes, [id]: outcome } }),
    changes: [keys.certificates, keys.orders, keys.balance],
  })
  const keep = (confirmed: KeptRenewals): void => {
    remember(confirmed)
    run.start(confirmed.items, new Map(Object.entries(confirmed.outcomes)))
  }
  return { run, keep }
}

function doneOf({ items, outcomes }: BulkRun<ConfirmedRenewal>): string[] {
  return items.filter(({ id }) => outcomes.get(id)?.result === 'done').map(({ certificateId }) => certificateId)
}

const joinMoney = (amounts: readonly MoneyView[]): string => joinList(amounts.map((amount) => formatMoney(amount)))

interface UploadedProductProps {
  readonly count: number
  readonly productId: string | null
  readonly onChange: (productId: string) => void
}

/** FD §3.6: nothing is chosen beforehand for what was uploaded. */
function UploadedProduct({ count, productId, onChange }: UploadedProductProps) {
  const { t } = useTranslation()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  const sold = products.data?.items.filter((product) => isSold(product) && product.supportsRenewal) ?? []
  return (
    <section className="bulk-section">
      <label htmlFor="bulk-product">
        <h3>{t('bulk.product', { count })}</h3>
      </label>
      <Select
        id="bulk-product"
        className="bulk-product"
        value={productId}
        placeholder={t('renewal.chooseProduct')}
        loading={products.isPending}
        options={sold.map(({ id, title }) => ({ value: id, label: pick(title) }))}
        onChange={(chosen) => {
          if (chosen !== null) onChange(chosen)
        }}
      />
      <ProblemNotice error={products.error} onRetry={() => void products.refetch()} />
    </section>
  )
}

interface QuotesProps {
  readonly renewals: readonly PlannedRenewal[]
  readonly without: ReadonlySet<string>
  readonly onChange: (without: ReadonlySet<string>) => void
}

function Quotes({ renewals, without, onChange }: QuotesProps) {
  const { t } = useTranslation()
  const label = t('bulk.quotes', { count: renewals.length })
  return (
    <section className="bulk-section">
      <h3>{label}</h3>
      <ScrolledList label={label}>
        {renewals.map((renewal) => (
          <QuoteRow
            key={renewal.id}
            renewal={renewal}
            isChosen={!without.has(renewal.id)}
            onChange={(isChosen) => {
              const next = new Set(without)
              if (isChosen) next.delete(renewal.id)
              else next.add(renewal.id)
              onChange(next)
            }}
          />
        ))}
      </ScrolledList>
    </section>
  )
}

interface TotalProps {
  readonly count: number
  readonly sums: readonly MoneyView[]
  /** Null: not known yet. */
  readonly balances: readonly MoneyView[] | null
}

/** What all of them cost, and whether the balance is enough. */
function Total({ count, sums, balances }: TotalProps) {
  const { t } = useTranslation()
  const lacks = balances === null ? [] : lacking(sums, balances)
  const there = balances?.filter(({ currency }) => sums.some((sum) => sum.currency === currency)) ?? []
  return (
    <>
      <p className="bulk-total">
        <span>{t('bulk.total', { count })}</span>
        <span className="number">{joinMoney(sums)}</span>
      </p>
      {lacks.length > 0 && (
        <Alert
          className="bulk-warning"
          type="warning"
          showIcon
          title={t('bulk.lacks', { sum: joinMoney(lacks) })}
          description={<Link href="/balance">{t('bulk.toBalance')}</Link>}
        />
      )}
      {lacks.length === 0 && there.length > 0 && <p className="muted">{t('bulk.fromBalance', { sum: joinMoney(there) })}</p>}
    </>
  )
}

interface QuoteRowProps {
  readonly renewal: PlannedRenewal
  readonly isChosen: boolean
  readonly onChange: (isChosen: boolean) => void
}

function QuoteRow({ renewal: { name, price, quote }, isChosen, onChange }: QuoteRowProps) {
  const { t } = useTranslation()
  return (
    <li className="bulk-row">
      <label>
        <input type="checkbox" checked={isChosen} onChange={({ target }) => onChange(target.checked)} />
        <span className="break">
          {name}
          <span className="muted bulk-note">
            {quote === null
              ? t('bulk.orderedBefore')
              : t('bulk.validUntil', { day: formatMoment(quote.topUp.entitledUntil, 'day') })}
            {quote !== null && quote.topUp.granted && ` · ${t('bulk.toppedUp', { count: quote.topUp.days })}`}
          </span>
          {quote !== null && quote.changed.length > 0 && (
            <span className="bulk-note bulk-differs">
              {t('bulk.differs', { what: joinList(quote.changed.map((attribute) => t(`terms.attribute.${attribute}`))) })}
            </span>
          )}
        </span>
      </label>
      <span className="number">{formatMoney(price)}</span>
    </li>
  )
}
