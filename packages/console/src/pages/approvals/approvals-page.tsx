/**
 * What waits for a second person, and what became of it.
 *
 * @module
 */
import type { ApprovalView } from '@evercert/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { EmptyList } from '../../components/page.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { Loading } from '../../components/loading.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { useSaid, type Said } from '../../components/said.tsx'
import { ApprovalItem } from './approval-item.tsx'
import './approvals-page.css'

const PAGE_SIZE = 50
const REFRESH_MS = 15_000

export function ApprovalsPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const [done, setDone] = useSaid()
  const which = params.get('show') === 'all' ? 'all' : 'open'
  const list = useInfiniteQuery({
    queryKey: [...keys.approvals, which],
    queryFn: ({ pageParam }) =>
      api.approvals.list({
        show: which,
        limit: PAGE_SIZE,
        ...(pageParam !== null && { cursor: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state: { data } }) => (data !== undefined && data.pages.length > 2 ? false : REFRESH_MS),
  })
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <>
      <PageHead title={t('approvals.title')} intro={t('approvals.intro')} />
      <div className="page-states" role="group" aria-label={t('approvals.which')}>
        {(['open', 'all'] as const).map((option) => (
          <Button
            key={option}
            type={option === which ? 'primary' : 'default'}
            aria-pressed={option === which}
            onClick={() => setParams(option === 'open' ? {} : { show: option })}
          >
            {t(`approvals.${option}`)}
          </Button>
        ))}
      </div>
      <DoneNotice title={done} />
      <section className="panel" aria-label={t(`approvals.${which}`)}>
        <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
        {list.isPending && <Loading />}
        {list.data !== undefined && rows.length === 0 && (
          <EmptyList title={t(which === 'open' ? 'approvals.emptyOpen' : 'approvals.emptyAll')} text={t('approvals.emptyText')} />
        )}
        {rows.length > 0 && <ApprovalList rows={rows} onDone={setDone} />}
        {list.hasNextPage && (
          <div className="records-end muted">
            <span role="status">{t('approvals.shown', { count: rows.length })}</span>
            <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t('certificates.loadMore')}
            </Button>
          </div>
        )}
      </section>
    </>
  )
}

function ApprovalList({ rows, onDone }: { readonly rows: readonly ApprovalView[]; readonly onDone: (what: Said) => void }) {
  return (
    <ul className="approvals">
      {rows.map((approval) => (
        <ApprovalItem key={approval.id} approval={approval} onDone={onDone} />
      ))}
    </ul>
  )
}
