/**
 * What was found and is no endpoint yet, with what each address shows.
 *
 * @module
 */
import type { CandidateView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { EmptyList } from '../../components/page.tsx'
import { Loading } from '../../components/loading.tsx'
import { ListEnd } from '../../components/page.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import type { Said } from '../../components/said.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { AdoptDrawer } from './adopt-drawer.tsx'
import { siteName } from './candidate-name.ts'
import { CandidateTable } from './candidate-table.tsx'

const PAGE_SIZE = 50

export function CandidateList({ onDone }: { readonly onDone: (what: Said | null) => void }) {
  const { t } = useTranslation()
  const editing = useEditing<CandidateView>()
  const change = useChange(onDone)
  const list = useInfiniteQuery({
    queryKey: keys.candidates,
    queryFn: ({ pageParam }) => api.discovery.list({ limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  })
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? []
  const fitting = rows.filter(({ certificateId }) => certificateId !== null)
  const adopt = (candidate: CandidateView): void =>
    change.make(async () => {
      await api.discovery.accept({ id: candidate.id })
      return (t) => t('discovery.adopted', { name: siteName(candidate) })
    })
  const forget = (candidate: CandidateView): void =>
    change.make(async () => {
      await api.discovery.dismiss({ id: candidate.id })
      return (t) => t('discovery.forgotten', { name: siteName(candidate) })
    })
  const close = (what: Said): void => {
    editing.close()
    onDone(what)
  }
  return (
    <section className="panel" aria-labelledby="found">
      <div className="found-head">
        <h2 id="found" className="panel-title">
          {t('discovery.list')}
        </h2>
        {fitting.length > 1 && (
          <Button
            loading={change.isPending}
            onClick={() =>
              change.make(async () => {
                const count = await acceptAll(fitting)
                return (t) => t('discovery.adoptedAll', { count })
              })
            }
          >
            {t('discovery.adoptAll', { count: fitting.length })}
          </Button>
        )}
      </div>
      <ProblemNotice error={change.error ?? list.error} />
      {list.isPending && <Loading />}
      {list.data !== undefined && rows.length === 0 && (
        <EmptyList title={t('discovery.emptyTitle')} text={t('discovery.emptyText')} />
      )}
      {rows.length > 0 && (
        <>
          <CandidateTable
            candidates={rows}
            onAdopt={(candidate) => (candidate.certificateId === null ? editing.open(candidate) : adopt(candidate))}
            onForget={forget}
          />
          <ListEnd hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()}>
            {list.hasNextPage ? t('discovery.shown', { count: rows.length }) : t('discovery.allShown', { count: rows.length })}
          </ListEnd>
        </>
      )}
      <AdoptDrawer key={editing.key} candidate={editing.row} isOpen={editing.isOpen} onClose={editing.close} onDone={close} />
    </section>
  )
}

/** One at a time; each says what it did. */
function useChange(onDone: (what: Said | null) => void) {
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: (act: () => Promise<Said>) => act(),
    onMutate: () => onDone(null),
    onSuccess: onDone,
    onSettled: async () => {
      for (const queryKey of [keys.candidates, keys.endpoints, keys.certificates]) await queries.invalidateQueries({ queryKey })
    },
  })
  return {
    error: change.error,
    isPending: change.isPending,
    make: (act: () => Promise<Said>): void => {
      if (!change.isPending) change.mutate(act)
    },
  }
}

/** @returns how many; one that became an endpoint meanwhile is none of them */
async function acceptAll(candidates: readonly CandidateView[]): Promise<number> {
  let count = 0
  for (const { id } of candidates) {
    try {
      await api.discovery.accept({ id })
      count += 1
    } catch (error) {
      if (!(error instanceof ApiProblem && error.problem.code === 'duplicateName')) throw error
    }
  }
  return count
}
