/**
 * The list itself, page after page: a table, or cards where there is no room for one.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { memo, useDeferredValue, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMedia } from '../../app/preferences.ts'
import { Loading } from '../../components/loading.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { BulkActions } from './bulk/bulk-actions.tsx'
import { SelectAll } from './bulk/select-box.tsx'
import { createSelection, MAX_SELECTED, type Selection } from './bulk/selection.ts'
import { CertificateCard } from './certificate-card.tsx'
import { CertificateRow } from './certificate-row.tsx'
import { rowsToDraw } from './drawn-first.ts'
import { isFiltered, type ListState } from './list-query.ts'
import { CELL, COLUMN_HEADER, ROW, ROW_GROUP, TABLE } from './table-roles.ts'

/** The first page is there soon; who goes on wants many. */
const FIRST_PAGE_SIZE = 50
const PAGE_SIZE = 200
const REFRESH_MS = 30_000

interface CertificateListProps {
  readonly state: ListState
  readonly onClear: () => void
}

export function CertificateList({ state, onClear }: CertificateListProps) {
  const [selection] = useState(createSelection)
  const list = useInfiniteQuery({
    queryKey: keys.list(state),
    queryFn: ({ pageParam: cursor }) =>
      api.certificates.list({ ...state, ...(cursor === null ? { limit: FIRST_PAGE_SIZE } : { limit: PAGE_SIZE, cursor }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: ({ state: { data } }) => (data !== undefined && data.pages.length > 2 ? false : REFRESH_MS),
    placeholderData: (previous) => previous,
  })
  const loaded = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data])
  const drawn = useDeferredValue(loaded)
  const certificates = useMemo(() => rowsToDraw(loaded, drawn), [loaded, drawn])
  if (list.isPending) return <Loading />
  if (list.data === undefined) return <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
  return (
    <div aria-busy={list.isPlaceholderData} className="list">
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      <BulkActions selection={selection} certificates={loaded} />
      {certificates.length === 0 ? (
        <EmptyList state={state} onClear={onClear} />
      ) : (
        <>
          <Rows certificates={certificates} selection={selection} />
          <ListEnd list={list} count={loaded.length} selection={selection} />
        </>
      )}
    </div>
  )
}

interface ListEndProps {
  readonly list: Pick<
    UseInfiniteQueryResult<InfiniteData<{ readonly items: readonly CertificateView[] }>>,
    'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
  >
  readonly count: number
  readonly selection: Selection
}

function ListEnd({ list, count, selection }: ListEndProps) {
  const { t } = useTranslation()
  const [isSelecting, setSelecting] = useState(false)
  /** Page after page, as far as one action may go. */
  const selectMatching = async (): Promise<void> => {
    setSelecting(true)
    try {
      for (let hasMore = true, shown = count; hasMore;) {
        const { data, hasNextPage, isError } = await list.fetchNextPage()
        const ids = data?.pages.flatMap(({ items }) => items.map(({ id }) => id)) ?? []
        hasMore = hasNextPage && !isError && ids.length > shown && ids.length < MAX_SELECTED
        shown = ids.length
        if (!hasMore) selection.change(ids.slice(0, MAX_SELECTED), true)
      }
    } finally {
      setSelecting(false)
    }
  }
  return (
    <div className="list-end">
      <span className="muted" role="status">
        {list.hasNextPage ? t('certificates.shown', { count }) : t('certificates.allShown', { count })}
      </span>
      {list.hasNextPage && (
        <span className="list-end-tools">
          {count < MAX_SELECTED && (
            <Button loading={isSelecting} onClick={() => void selectMatching()}>
              {t('bulk.selectMatching')}
            </Button>
          )}
          <Button loading={list.isFetchingNextPage && !isSelecting} onClick={() => void list.fetchNextPage()}>
            {t('certificates.loadMore')}
          </Button>
        </span>
      )}
    </div>
  )
}

/** Beside the menu there is less room than a table of seven columns wants. */
const CARDS = '(max-width: 980px)'
const COLUMNS = ['name', 'specification', 'status', 'validity', 'served', 'nextStep', 'actions'] as const

interface RowsProps {
  readonly certificates: readonly CertificateView[]
  readonly selection: Selection
}

const Rows = memo(({ certificates, selection }: RowsProps) => {
  const { t } = useTranslation()
  const isNarrow = useMedia(CARDS)
  const ids = certificates.map(({ id }) => id)
  if (isNarrow) {
    return (
      <>
        <SelectAll selection={selection} ids={ids} isLabelled />
        <ul className="cards">
          {certificates.map((certificate) => (
            <CertificateCard key={certificate.id} certificate={certificate} selection={selection} />
          ))}
        </ul>
      </>
    )
  }
  return (
    <table className="certificates" {...TABLE}>
      <thead {...ROW_GROUP}>
        <tr {...ROW}>
          <td {...CELL} className="column-select">
            <SelectAll selection={selection} ids={ids} />
          </td>
          {COLUMNS.map((column) => (
            <th key={column} {...COLUMN_HEADER} className={`column-${column}`}>
              {t(`certificates.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...ROW_GROUP}>
        {certificates.map((certificate) => (
          <CertificateRow key={certificate.id} certificate={certificate} selection={selection} />
        ))}
      </tbody>
    </table>
  )
})

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
