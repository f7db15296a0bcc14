/**
 * The entries that a search finds, newest first.
 *
 * @module
 */
import type { AuditEntryView } from '@evercert/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { EmptyList, ListEnd } from '../../components/page.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { toRequest, type AuditSearch } from './audit-query.ts'
import { OUTCOME_TONES, whatHappened } from './audit-words.ts'
import { EntryDrawer } from './entry-drawer.tsx'
import { Subject } from './subject.tsx'

const PAGE_SIZE = 50

export function AuditList({ search }: { readonly search: AuditSearch }) {
  const { t } = useTranslation()
  const shown = useEditing<AuditEntryView>()
  const columns = useColumns(shown.open)
  const list = useInfiniteQuery({
    queryKey: keys.audit(search),
    queryFn: ({ pageParam }) =>
      api.audit.list({ limit: PAGE_SIZE, ...toRequest(search), ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  })
  if (list.isPending) return <Loading />
  if (list.data === undefined) return <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
  const entries = list.data.pages.flatMap(({ items }) => items)
  if (entries.length === 0) return <EmptyList title={t('audit.noneTitle')} text={t('audit.noneText')} />
  return (
    <>
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      <RecordTable label={t('audit.entries')} columns={columns} rows={entries} rowKey={({ source, id }) => `${source} ${id}`} />
      <ListEnd hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()}>
        {list.hasNextPage ? t('audit.shown', { count: entries.length }) : t('audit.allShown', { count: entries.length })}
      </ListEnd>
      <EntryDrawer entry={shown.row} isOpen={shown.isOpen} onClose={shown.close} installation={search.installation} />
    </>
  )
}

/** In characters: names that are as short stay in one piece. */
const FITS = 20

function useColumns(open: (entry: AuditEntryView) => void): readonly Column<AuditEntryView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'what',
      title: t('audit.what'),
      render: (entry) => (
        <>
          <div className="record-name">{whatHappened(entry)}</div>
          <div className="muted mono break">{entry.action}</div>
        </>
      ),
    },
    { key: 'at', title: t('audit.when'), render: ({ at }) => <Moment at={at} precision="second" /> },
    {
      key: 'who',
      title: t('audit.who'),
      render: ({ actor, actorKind }) => (
        <>
          <span className={actor.length > FITS ? 'break' : undefined}>{actor}</span>
          {actorKind === 'token' && <div className="muted">{t('audit.actorKinds.token')}</div>}
        </>
      ),
    },
    { key: 'concerns', title: t('audit.concerns'), render: ({ subjectId }) => <Subject id={subjectId} /> },
    {
      key: 'outcome',
      title: t('audit.outcome'),
      render: ({ outcome, details }) => (
        <>
          <Mark tone={OUTCOME_TONES[outcome]}>{t(`audit.outcomes.${outcome}`)}</Mark>
          {typeof details['count'] === 'number' && <span className="muted number"> ×{details['count']}</span>}
        </>
      ),
    },
    {
      key: 'address',
      title: t('audit.address'),
      render: ({ address }) => (
        <span className={`mono ${address?.includes(':') === true ? 'break' : 'nowrap'}`}>{address ?? '–'}</span>
      ),
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (entry) => <Action label={t('audit.details')} of={whatHappened(entry)} onClick={() => open(entry)} />,
    },
  ]
}
