/**
 * What a query is at: on its way, failed, or here.
 *
 * @module
 */
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Loading } from './loading.tsx'
import { ProblemNotice } from './problem-notice.tsx'

export interface QueryViewProps<Data> {
  readonly query: UseQueryResult<Data>
  readonly children: (data: Data) => ReactNode
}

/** What is here stays in sight when loading it anew fails. */
export function QueryView<Data>({ query, children }: QueryViewProps<Data>) {
  const retry = (): void => void query.refetch()
  if (query.isPending) return <Loading />
  if (query.data === undefined) return <ProblemNotice error={query.error} onRetry={retry} />
  return (
    <>
      <ProblemNotice error={query.error} onRetry={retry} />
      {children(query.data)}
    </>
  )
}
