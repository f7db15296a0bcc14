/**
 * The list itself, page after page: a table, or cards where there is no room for one.
 *
 * @module
 */
import { MAX_SELECTED, type ListedCertificate } from '@evercert/contract'
import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { memo, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { askAhead, listPages } from '../../api/certificate-pages.ts'
import { useLiveList, type LiveList } from '../../api/use-live-list.ts'
import { useMedia } from '../../app/preferences.ts'
import { Loading } from '../../components/loading.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { useBrandTitle } from '../../components/brand-title.ts'
import { currentLanguage } from '../../i18n/i18n.ts'
import { BulkActions } from './bulk/bulk-actions.tsx'
import { SelectAll } from './bulk/select-box.tsx'
import { createSelection, type Selection } from './bulk/selection.ts'
import { CertificateCard } from './certificate-card.tsx'
import { CertificateRow } from './certificate-row.tsx'
import { rowsToDraw, screenfulFrom } from './drawn-first.ts'
import { EmptyList } from './empty-list.tsx'
import type { ListState } from './list-query.ts'
import { CELL, COLUMN_HEADER, ROW, ROW_GROUP, TABLE } from './table-roles.ts'
import { withUnder } from './with-under.ts'

/** More pages than these are not loaded anew by themselves: that is much, and moves what somebody reads. */
const LIVE_PAGES = 2

/** A list that comes sooner than this does not grow pale before. */
const SLOW_MS = 150

/** True when something has been true for so long. */
function useLasts(isNow: boolean, ms: number): boolean {
  const [since, setSince] = useState(false)
  useEffect(() => {
    if (!isNow) return undefined
    const timer = setTimeout(() => setSince(true), ms)
    return () => {
      clearTimeout(timer)
      setSince(false)
    }
  }, [isNow, ms])
  return isNow && since
}

/** Not a state: rows that were drawn before it is known would be taken away, and drawn again. */
const screenful = (): number => screenfulFrom(document.querySelector('.list')?.getBoundingClientRect().top ?? 0, innerHeight)

interface CertificateListProps {
  readonly state: ListState
  /** Something lies over it. */
  readonly isBeneath: boolean
  readonly onClear: () => void
}

export function CertificateList({ state, isBeneath, onClear }: CertificateListProps) {
  const [selection] = useState(createSelection)
  const list = useInfiniteQuery({
    ...listPages(state),
    placeholderData: (previous) => previous,
  })
  const loaded = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data])
  const of = list.isPlaceholderData ? null : JSON.stringify(state)
  const listed = useMemo(() => ({ rows: loaded, of }), [loaded, of])
  const drawn = useDeferredValue(listed)
  const certificates = useMemo(() => rowsToDraw(listed, drawn, screenful()), [listed, drawn])
  const news = useLiveList({
    isListening: !isBeneath && list.data !== undefined,
    isHeld: () => selection.ids().size > 0 || (list.data?.pages.length ?? 0) > LIVE_PAGES,
  })
  const isSlow = useLasts(list.isPlaceholderData, SLOW_MS)
  if (list.isPending) return <Loading />
  if (list.data === undefined) return <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
  return (
    <div aria-busy={list.isPlaceholderData} data-slow={isSlow} className="list">
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      <News {...news} />
      <BulkActions selection={selection} certificates={loaded} />
      {certificates.length === 0 ? (
        <EmptyList state={state} onClear={onClear} />
      ) : (
        <>
          <Rows certificates={certificates} selection={selection} />
          <ListEnd
            state={state}
            list={list}
            count={loaded.length}
            isDrawn={certificates.length === loaded.length}
            selection={selection}
          />
        </>
      )}
    </div>
  )
}

/** Over the list, which stays where it is. */
function News({ isWaiting, show }: LiveList) {
  const { t } = useTranslation()
  return (
    <div className="list-news" role="status">
      {isWaiting && (
        <Button type="primary" size="small" shape="round" onClick={show}>
          {t('certificates.changed')}
        </Button>
      )}
    </div>
  )
}

interface LoadedPage {
  readonly items: readonly ListedCertificate[]
  readonly nextCursor: string | null
}

interface ListEndProps {
  readonly state: ListState
  readonly list: Pick<
    UseInfiniteQueryResult<InfiniteData<LoadedPage>>,
    'data' | 'isPlaceholderData' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
  >
  readonly count: number
  /** False while rows before it are still being drawn: it is nearer than it will be. */
  readonly isDrawn: boolean
  readonly selection: Selection
}

const NEAR = '0px 0px 600px 0px'

/** Who comes near the end is likely to want what follows: it is asked for then, and shown when it is wanted. */
function useNextAhead({ state, list, isDrawn }: Pick<ListEndProps, 'state' | 'list' | 'isDrawn'>) {
  const end = useRef<HTMLDivElement>(null)
  const next = list.isPlaceholderData || !isDrawn ? null : (list.data?.pages.at(-1)?.nextCursor ?? null)
  useEffect(() => {
    if (end.current === null || next === null) return undefined
    const watcher = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) askAhead(state, next)
      },
      { rootMargin: NEAR },
    )
    watcher.observe(end.current)
    return () => watcher.disconnect()
  })
  return end
}

function ListEnd({ state, list, count, isDrawn, selection }: ListEndProps) {
  const { t } = useTranslation()
  const end = useNextAhead({ state, list, isDrawn })
  const [isSelecting, setSelecting] = useState(false)
  const filter = JSON.stringify(state)
  const latest = useRef(filter)
  useEffect(() => {
    latest.current = filter
  }, [filter])
  /** Page after page, as far as one action may go; who chooses another list meanwhile wanted nothing of that one. */
  const selectMatching = async (): Promise<void> => {
    setSelecting(true)
    try {
      for (let hasMore = true, shown = count; hasMore;) {
        const { data, hasNextPage, isError } = await list.fetchNextPage()
        if (latest.current !== filter) return
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
    <div className="list-end" ref={end}>
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
  readonly certificates: readonly ListedCertificate[]
  readonly selection: Selection
}

const Rows = memo(({ certificates, selection }: RowsProps) => {
  const { t } = useTranslation()
  const isNarrow = useMedia(CARDS)
  const language = currentLanguage()
  const brandTitle = useBrandTitle()
  const common = { selection, language, brandTitle }
  const ids = certificates.map(({ id }) => id)
  if (isNarrow) {
    return (
      <>
        <SelectAll selection={selection} ids={ids} isLabelled />
        <ul className="cards">
          {withUnder(certificates).map(({ key, ...row }) => (
            <CertificateCard key={key} {...row} {...common} />
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
        {withUnder(certificates).map(({ key, ...row }) => (
          <CertificateRow key={key} {...row} {...common} />
        ))}
      </tbody>
    </table>
  )
})
