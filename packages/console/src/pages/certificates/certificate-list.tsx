/**
 * The list itself, page after page: a table, or cards where there is no room for one.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { NARROW, useMedia } from '../../app/preferences.ts'
import { Loading } from '../../components/loading.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { CertificateCard } from './certificate-card.tsx'
import { CertificateRow } from './certificate-row.tsx'
import { isFiltered, type ListState } from './list-query.ts'

const PAGE_SIZE = 50
const REFRESH_MS = 30_000

interface CertificateListProps {
  readonly state: ListState
  readonly onClear: () => void
}

export function CertificateList({ state, onClear }: CertificateListProps) {
  const { t } = useTranslation()
  const list = useInfiniteQuery({
    queryKey: keys.list(state),
    queryFn: ({ pageParam }) =>
      api.certificates.list({ ...state, limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: ({ state: { data } }) => (data !== undefined && data.pages.length > 2 ? false : REFRESH_MS),
    placeholderData: (previous) => previous,
  })
  if (list.isPending) return <Loading />
  if (list.data === undefined) return <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
  const certificates = list.data.pages.flatMap(({ items }) => items)
  if (certificates.length === 0) return <EmptyList state={state} onClear={onClear} />
  return (
    <div aria-busy={list.isPlaceholderData} className="list">
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      <Rows certificates={certificates} />
      <div className="list-end">
        <span className="muted" role="status">
          {list.hasNextPage
            ? t('certificates.shown', { count: certificates.length })
            : t('certificates.allShown', { count: certificates.length })}
        </span>
        {list.hasNextPage && (
          <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t('certificates.loadMore')}
          </Button>
        )}
      </div>
    </div>
  )
}

const COLUMNS = ['name', 'specification', 'status', 'validity', 'served', 'nextStep', 'actions'] as const

function Rows({ certificates }: { readonly certificates: readonly CertificateView[] }) {
  const { t } = useTranslation()
  const isNarrow = useMedia(NARROW)
  if (isNarrow) {
    return (
      <ul className="cards">
        {certificates.map((certificate) => (
          <CertificateCard key={certificate.id} certificate={certificate} />
        ))}
      </ul>
    )
  }
  return (
    <table className="certificates">
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <th key={column} scope="col" className={`column-${column}`}>
              {t(`certificates.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {certificates.map((certificate) => (
          <CertificateRow key={certificate.id} certificate={certificate} />
        ))}
      </tbody>
    </table>
  )
}

/** Says what is true: nothing expires, nothing fits, or nothing is there. */
function EmptyList({ state, onClear }: CertificateListProps) {
  const { t } = useTranslation()
  const { status, sort: _sort, ...others } = state
  if (status === 'expiringSoon' && !isFiltered(others)) {
    return (
      <div className="empty">
        <p className="empty-title">{t('certificates.emptyExpiring')}</p>
        <p className="muted">{t('certificates.emptyExpiringMore')}</p>
      </div>
    )
  }
  if (isFiltered(state)) {
    return (
      <div className="empty">
        <p className="empty-title">{t('certificates.emptyFiltered')}</p>
        <Button onClick={onClear}>{t('certificates.clear')}</Button>
      </div>
    )
  }
  return (
    <div className="empty">
      <p className="empty-title">{t('certificates.emptyTitle')}</p>
      <p className="muted">{t('certificates.emptyText')}</p>
    </div>
  )
}
