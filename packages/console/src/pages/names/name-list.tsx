/**
 * Names with whose they are.
 *
 * @module
 */
import type { NameClaimView } from '@evercert/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { useMay } from '../../api/use-may.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { ListEnd } from '../../components/page.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import type { Said } from '../../components/said.tsx'
import { useAccounts } from './use-accounts.ts'

const PAGE_SIZE = 50

interface NameListProps {
  readonly of: 'account' | 'installation'
  /** This one and those below it; empty: all. */
  readonly name: string
  readonly onAssign: (name: string) => void
  readonly onDone: (what: Said) => void
}

export function NameList({ of, name, onAssign, onDone }: NameListProps) {
  const { t } = useTranslation()
  const columns = useColumns({ onAssign, onDone })
  const list = useInfiniteQuery({
    queryKey: [...keys.names, of, name],
    queryFn: ({ pageParam }) =>
      api.names.list({
        of,
        limit: PAGE_SIZE,
        ...(name !== '' && { name }),
        ...(pageParam !== null && { cursor: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  })
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <>
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending && <Loading />}
      {list.data !== undefined && rows.length === 0 && (
        <EmptyList
          title={name === '' ? t('names.emptyTitle') : t('names.emptyFound')}
          {...(name === '' && { text: t('names.emptyText') })}
        />
      )}
      {rows.length > 0 && (
        <>
          <RecordTable label={t('shell.names')} columns={columns} rows={rows} rowKey={(claim) => claim.name} />
          <ListEnd hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()}>
            {list.hasNextPage ? t('names.shown', { count: rows.length }) : t('names.allShown', { count: rows.length })}
          </ListEnd>
        </>
      )}
    </>
  )
}

function useColumns({ onAssign, onDone }: Pick<NameListProps, 'onAssign' | 'onDone'>): Column<NameClaimView>[] {
  const { t } = useTranslation()
  const accounts = useAccounts()
  const isOperator = useIsOperator() === true
  const mayRelease = useMay('certificates:write')
  const columns: Column<NameClaimView>[] = [
    { key: 'name', title: t('names.name'), kind: 'name', render: ({ name }) => name },
    {
      key: 'account',
      title: t('names.account'),
      render: ({ accountId }) => accounts.find(({ id }) => id === accountId)?.name ?? <span className="mono">{accountId}</span>,
    },
    { key: 'how', title: t('names.how'), render: ({ how }) => t(how === 'proved' ? 'names.proved' : 'names.assigned') },
    { key: 'since', title: t('names.since'), render: ({ at }) => <Moment at={at} /> },
  ]
  if (mayRelease)
    columns.push({
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: ({ name }) => (
        <>
          {isOperator && <Action label={t('names.give')} of={name} onClick={() => onAssign(name)} />}
          <Release name={name} isOperator={isOperator} onDone={onDone} />
        </>
      ),
    })
  return columns
}

interface ReleaseProps {
  readonly name: string
  readonly isOperator: boolean
  readonly onDone: (what: Said) => void
}

function Release({ name, isOperator, onDone }: ReleaseProps) {
  const { t } = useTranslation()
  return (
    <ConfirmedAction
      label={t('names.release')}
      of={name}
      title={t('names.releaseTitle', { name })}
      text={t('names.releaseText')}
      consequences={isOperator ? [t('names.releaseAny')] : [t('names.releaseUsed'), t('names.releaseOwn')]}
      act={async () => {
        await api.names.release({ name })
        onDone((t) => t('names.released', { name }))
      }}
      changes={keys.names}
    />
  )
}
