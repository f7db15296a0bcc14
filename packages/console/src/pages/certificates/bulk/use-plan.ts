/**
 * What an action on many would do, asked for when its dialog opens.
 *
 * @module
 */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { LeftOut } from './report-csv.ts'

export interface Plan<Item> {
  readonly items: readonly Item[]
  readonly leftOut: readonly LeftOut[]
}

interface Asking {
  readonly signal: AbortSignal
  readonly onCount: (count: number) => void
}

/** @param choice what the plan depends on beside the certificates, which stay */
export function usePlan<Item>(
  choice: string,
  load: (asking: Asking) => Promise<Plan<Item>>,
): { readonly plan: UseQueryResult<Plan<Item>>; readonly count: number } {
  const [count, setCount] = useState(0)
  const dialog = useId()
  const plan = useQuery({
    queryKey: ['plans', dialog, choice],
    queryFn: ({ signal }) => {
      setCount(0)
      return load({ signal, onCount: setCount })
    },
    // A price that changed refuses the order; a plan that changes by itself under the reader's eyes helps nobody.
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return { plan, count }
}
