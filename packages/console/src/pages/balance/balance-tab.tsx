/**
 * The balance and its latest movements; the operator records money that came in.
 *
 * @module
 */
import type { BalanceView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { formatMovement } from '../../components/movement.ts'
import { EmptyList } from '../../components/page.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { ShortId } from '../../components/short-id.tsx'
import { orderPlace } from '../orders/order-terms.ts'
import './balance-page.css'
import { TopUp } from './top-up.tsx'

const DEFAULT_CURRENCY = 'CNY'

export function BalanceTab() {
  const { t } = useTranslation()
  const isOperator = useIsOperator()
  const balance = useQuery({ queryKey: keys.balance, queryFn: () => api.balance.get() })
  if (balance.isPending) return <Loading />
  if (balance.data === undefined) return <ProblemNotice error={balance.error} onRetry={() => void balance.refetch()} />
  const { balances, entries } = balance.data
  return (
    <>
      <section className="panel" aria-label={t('balance.balance')}>
        <div className="balances">
          {balances.map((money) => (
            <div key={money.currency}>
              <div className="muted">{t('balance.available', { currency: money.currency })}</div>
              <div className="amount-big">{formatMoney(money)}</div>
            </div>
          ))}
          {balances.length === 0 && <p className="muted">{t('balance.nothingYet')}</p>}
        </div>
        {isOperator === true && <TopUp currency={balances[0]?.currency ?? DEFAULT_CURRENCY} />}
        {isOperator === false && <p className="muted balance-how">{t('balance.howToTopUp')}</p>}
      </section>
      <section className="panel" aria-label={t('balance.entries')}>
        <h2>{t('balance.entries')}</h2>
        <Entries entries={entries} />
      </section>
    </>
  )
}

type Entry = BalanceView['entries'][number]

/** The service gives the latest ones. */
const MOST_ENTRIES = 50

function Entries({ entries }: { readonly entries: readonly Entry[] }) {
  const { t } = useTranslation()
  const columns: readonly Column<Entry>[] = [
    { key: 'kind', title: t('balance.kind'), render: ({ kind }) => t(`balance.kinds.${kind}`) },
    {
      key: 'amount',
      title: t('balance.amount'),
      kind: 'number',
      render: ({ amount }) => (
        <span className="movement" data-in={amount.amountMinor > 0}>
          {formatMovement(amount)}
        </span>
      ),
    },
    { key: 'at', title: t('balance.at'), render: ({ at }) => <Moment at={at} /> },
    {
      key: 'order',
      title: t('orders.order'),
      render: ({ orderId }) =>
        orderId === null ? (
          <span className="muted">–</span>
        ) : (
          <Link href={orderPlace(orderId)}>
            <ShortId id={orderId} />
          </Link>
        ),
    },
    { key: 'note', title: t('fields.note'), render: ({ note }) => <span className="break">{note ?? '–'}</span> },
  ]
  if (entries.length === 0) return <EmptyList title={t('balance.emptyTitle')} text={t('balance.emptyText')} />
  return (
    <>
      <RecordTable label={t('balance.entries')} columns={columns} rows={entries} rowKey={({ id }) => id} />
      {entries.length >= MOST_ENTRIES && <p className="muted">{t('balance.latest', { count: entries.length })}</p>}
    </>
  )
}
