/**
 * What the list shows, kept in the address of the page: a link shows the same list to somebody else.
 *
 * @module
 */
import { certificateFilter, certificateSort, type CertificateQuery, type CertificateSort } from '@evercert/contract'
import { useSearchParams } from 'wouter'
import { z } from 'zod'

const NAMES = ['status', 'search', 'origin', 'anyTags', 'expiresFrom', 'expiresTo', 'sort'] as const
type Name = (typeof NAMES)[number]
export type ListState = Pick<CertificateQuery, Name>

/** What is about to expire comes first unless somebody sorts. */
export const DEFAULT_SORT: CertificateSort = '-created'

const shape = { ...certificateFilter, sort: certificateSort }

/** What the address says; parts that nobody could have chosen are left out. */
export function readListState(params: URLSearchParams): ListState {
  const state: Record<string, string> = {}
  for (const name of NAMES) {
    const value = params.get(name)
    if (value !== null && (shape[name] as z.ZodType).safeParse(value).success) state[name] = value
  }
  return state as ListState
}

export type ChangeListState = (change: { readonly [Key in Name]?: ListState[Key] | undefined }) => void

export function useListState(): [ListState, ChangeListState] {
  const [params, setParams] = useSearchParams()
  const change: ChangeListState = (changes) =>
    setParams(
      (previous) => {
        const next = new URLSearchParams(previous)
        for (const [name, value] of Object.entries(changes)) {
          if (value === undefined || value === '') next.delete(name)
          else next.set(name, value)
        }
        return next
      },
      { replace: true },
    )
  return [readListState(params), change]
}

/** True when the list shows less than everything. */
export function isFiltered({ sort: _sort, ...filter }: ListState): boolean {
  return Object.values(filter).some((value) => value !== undefined)
}
