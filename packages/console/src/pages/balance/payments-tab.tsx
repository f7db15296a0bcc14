/**
 * Every payment of the account, newest first, with what came in for it.
 *
 * @module
 */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Loading } from '../../components/loading.tsx'
import { EmptyList, ListEnd } from '../../components/page.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { PaymentTable } from '../orders/payment-table.tsx'

const PAGE_SIZE = 50

export function PaymentsTab() {
  const { t } = useTranslation()
  const list = useInfiniteQuery({
    queryKey: keys.paymentList,
    queryFn: ({ pageParam }) => api.payments.list({ limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  })
  const payments = list.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <section className="panel" aria-label={t('balance.payments')}>
      {list.isPending && <Loading />}
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      {list.data !== undefined && payments.length === 0 && (
        <EmptyList title={t('balance.noPaymentsTitle')} text={t('balance.noPaymentsText')} />
      )}
      {payments.length > 0 && (
        <>
          <PaymentTable payments={payments} />
          <ListEnd hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()}>
            {t('balance.shownPayments', { count: payments.length })}
          </ListEnd>
        </>
      )}
    </section>
  )
}
