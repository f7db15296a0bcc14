/**
 * Reviews of OV and EV applications: what waits, oldest first, and what was decided.
 *
 * @module
 */
import { reviewState, type ReviewView } from '@evercert/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { Estimate } from '../../components/estimate.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import './reviews-page.css'

const PAGE_SIZE = 50
const REFRESH_MS = 15_000

export const reviewPlace = ({ id }: { readonly id: string }): string => `/reviews/${encodeURIComponent(id)}`

export function ReviewsPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const state = reviewState.options.find((option) => option === params.get('state')) ?? 'waiting'
  const list = useInfiniteQuery({
    queryKey: [...keys.reviews, 'list', state],
    queryFn: ({ pageParam }) => api.reviews.list({ state, limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state: { data } }) => (data !== undefined && data.pages.length > 2 ? false : REFRESH_MS),
  })
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <>
      <PageHead title={t('shell.reviews')} intro={t('reviews.intro')} />
      <div className="page-states" role="group" aria-label={t('reviews.states')}>
        {reviewState.options.map((option) => (
          <Button
            key={option}
            type={option === state ? 'primary' : 'default'}
            aria-pressed={option === state}
            onClick={() => setParams(option === 'waiting' ? {} : { state: option })}
          >
            {t(`reviews.state.${option}`)}
          </Button>
        ))}
      </div>
      <section className="panel" aria-label={t(`reviews.state.${state}`)}>
        <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
        {list.isPending && <Loading />}
        {list.data !== undefined && rows.length === 0 && (
          <EmptyList title={t(`reviews.empty.${state}`)} {...(state === 'waiting' && { text: t('reviews.emptyText') })} />
        )}
        {rows.length > 0 && <ReviewRows rows={rows} />}
        {list.hasNextPage && (
          <div className="records-end muted">
            <span role="status">{t('reviews.shown', { count: rows.length })}</span>
            <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t('certificates.loadMore')}
            </Button>
          </div>
        )}
      </section>
    </>
  )
}

function ReviewRows({ rows }: { readonly rows: readonly ReviewView[] }) {
  const { t } = useTranslation()
  const columns: Column<ReviewView>[] = [
    {
      key: 'company',
      title: t('reviews.company'),
      kind: 'name',
      render: (review) => <Link href={reviewPlace(review)}>{review.companyName ?? t('terms.unknown')}</Link>,
    },
    { key: 'type', title: t('terms.attribute.certificateType'), render: ({ certificateType }) => certificateType },
    {
      key: 'domains',
      title: t('reviews.domains'),
      render: ({ domains }) => (
        <>
          {domains.slice(0, 2).join(', ')}
          {domains.length > 2 && ` ${t('certificates.moreNames', { count: domains.length })}`}
        </>
      ),
    },
    {
      key: 'submitted',
      title: t('reviews.submitted'),
      render: ({ submittedAt, submittedBy }) => (
        <>
          <Moment at={submittedAt} />
          <div className="muted">{submittedBy ?? t('terms.unknown')}</div>
        </>
      ),
    },
    {
      key: 'estimate',
      title: t('reviews.estimateOrDecision'),
      kind: 'wide',
      render: ({ decidedAt, decidedBy, estimate }) =>
        decidedAt === null ? (
          <Estimate estimate={estimate} />
        ) : (
          <>
            <Moment at={decidedAt} />
            <div className="muted">{decidedBy}</div>
          </>
        ),
    },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (review) => (
        <Action
          label={t(review.open ? 'reviews.decide' : 'reviews.see')}
          of={review.companyName ?? review.domains.join(', ')}
          href={reviewPlace(review)}
        />
      ),
    },
  ]
  return <RecordTable label={t('shell.reviews')} columns={columns} rows={rows} rowKey={({ id }) => id} />
}
