/**
 * Every order of the account, newest first.
 *
 * @module
 */
import type { OrderView, ProductView } from '@evercert/contract'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { EmptyList, ListEnd } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { ORDER_TONES, orderPlace, productTitle } from './order-terms.ts'

const PAGE_SIZE = 50

export function OrdersPage() {
  const { t } = useTranslation()
  return (
    <>
      <PageHead
        title={t('shell.orders')}
        intro={t('orders.intro')}
        actions={<LinkButton href="/buy">{t('orders.buy')}</LinkButton>}
      />
      <section className="panel" aria-label={t('shell.orders')}>
        <OrderList />
      </section>
    </>
  )
}

function OrderList() {
  const { t } = useTranslation()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  const list = useInfiniteQuery({
    queryKey: keys.orderList,
    queryFn: ({ pageParam }) => api.orders.list({ limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  })
  const columns = useColumns(products.data?.items)
  if (list.isPending) return <Loading />
  if (list.data === undefined) return <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
  const orders = list.data.pages.flatMap(({ items }) => items)
  if (orders.length === 0) return <EmptyList title={t('orders.emptyTitle')} text={t('orders.emptyText')} />
  return (
    <>
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      <RecordTable label={t('shell.orders')} columns={columns} rows={orders} rowKey={({ id }) => id} />
      <ListEnd hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()}>
        {list.hasNextPage ? t('orders.shown', { count: orders.length }) : t('orders.allShown', { count: orders.length })}
      </ListEnd>
    </>
  )
}

function useColumns(products: readonly ProductView[] | undefined): readonly Column<OrderView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'order',
      title: t('orders.order'),
      render: ({ id, productId }) => (
        <>
          <Link href={orderPlace(id)} className="record-name">
            {productTitle(products, productId)}
          </Link>
          <div className="muted mono break">{id}</div>
        </>
      ),
    },
    { key: 'kind', title: t('orders.kind'), render: ({ kind }) => t(`orders.kinds.${kind}`) },
    {
      key: 'what',
      title: t('orders.what'),
      render: ({ termYears, domainCount }) => (
        <span className="nowrap">
          {t('terms.years', { count: termYears })} · {t('orders.domains', { count: domainCount })}
        </span>
      ),
    },
    { key: 'price', title: t('orders.price'), kind: 'number', render: ({ price }) => formatMoney(price) },
    {
      key: 'state',
      title: t('orders.state'),
      render: ({ state }) => <Mark tone={ORDER_TONES[state]}>{t(`orders.states.${state}`)}</Mark>,
    },
    { key: 'placedAt', title: t('orders.placedAt'), render: ({ placedAt }) => <Moment at={placedAt} /> },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: ({ id, state, certificateId }) => (
        <>
          <Action label={state === 'placed' ? t('orders.payOrCancel') : t('orders.open')} of={id} href={orderPlace(id)} />
          {certificateId !== null && (
            <Action label={t('orders.certificate')} of={id} href={`/certificates/${encodeURIComponent(certificateId)}`} />
          )}
        </>
      ),
    },
  ]
}
