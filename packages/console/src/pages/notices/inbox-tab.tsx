/**
 * The notices, unread or all, of every certificate or of one; the filter is in the address of the page.
 *
 * @module
 */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Radio from 'antd/es/radio'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMay } from '../../api/use-may.ts'
import { Loading } from '../../components/loading.tsx'
import { EmptyList, ListEnd } from '../../components/page.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { NoticeItem } from './notice-item.tsx'
import './notices-page.css'

const PAGE_SIZE = 50
const REFRESH_MS = 60_000

export function InboxTab() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const certificateId = params.get('certificate')
  const isAll = params.get('show') === 'all' || certificateId !== null
  return (
    <section className="panel" aria-label={t('notices.inbox')}>
      <div className="notice-filters">
        <Radio.Group
          aria-label={t('notices.show')}
          optionType="button"
          value={isAll ? 'all' : 'unread'}
          options={[
            { value: 'unread', label: t('notices.unread') },
            { value: 'all', label: t('notices.all') },
          ]}
          onChange={(event) => setParams(event.target.value === 'all' ? { show: 'all' } : {})}
        />
        {certificateId !== null && <Button onClick={() => setParams({ show: 'all' })}>{t('notices.everyCertificate')}</Button>}
      </div>
      <NoticeList isAll={isAll} certificateId={certificateId} />
    </section>
  )
}

interface NoticeListProps {
  readonly isAll: boolean
  readonly certificateId: string | null
}

function NoticeList({ isAll, certificateId }: NoticeListProps) {
  const { t } = useTranslation()
  const list = useInfiniteQuery({
    queryKey: keys.noticeList({ isAll, certificateId }),
    queryFn: ({ pageParam }) => {
      const paging = { limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }
      if (!isAll) return api.notices.inbox(paging)
      return api.notices.list({ ...paging, ...(certificateId !== null && { certificateId }) })
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFRESH_MS,
  })
  const mayMarkAll = useMay('notices:write')
  const notices = list.data?.pages.flatMap(({ items }) => items) ?? []
  const unread = notices.filter(({ readAt, isPersonal }) => readAt === null && (mayMarkAll || isPersonal)).map(({ id }) => id)
  if (list.isPending) return <Loading />
  return (
    <>
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      {list.data !== undefined && notices.length === 0 && (
        <EmptyList
          title={isAll ? t('notices.noneTitle') : t('notices.allReadTitle')}
          text={isAll ? t('notices.noneText') : t('notices.allReadText')}
        />
      )}
      {unread.length > 1 && <ReadThem ids={unread} />}
      {notices.length > 0 && (
        <>
          <ul className="notices">
            {notices.map((notice) => (
              <NoticeItem key={notice.id} notice={notice} />
            ))}
          </ul>
          <ListEnd hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()}>
            {t('notices.shown', { count: notices.length })}
          </ListEnd>
        </>
      )}
    </>
  )
}

/** Marks what is shown, one after the other: what is read stays read when one fails. */
function ReadThem({ ids }: { readonly ids: readonly string[] }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const read = useMutation({
    mutationFn: async () => {
      for (const id of ids) await api.notices.markRead({ id })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.notices }),
  })
  return (
    <div className="panel-actions">
      <Button loading={read.isPending} onClick={() => read.mutate()}>
        {t('notices.readThem', { count: ids.length })}
      </Button>
      <ProblemNotice error={read.error} />
    </div>
  )
}
