/**
 * What the list shows, kept in the address of the page: a link shows the same list to somebody else.
 *
 * @module
 */
import {
  CERTIFICATE_ORIGINS,
  CERTIFICATE_SORTS,
  CERTIFICATE_STATUSES,
  RENEWAL_STAGES,
  type CertificateQuery,
  type CertificateSort,
} from '@evercert/contract'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useLayoutEffect, useRef } from 'react'
import { useSearchParams } from 'wouter'
import { askForList } from '../../api/certificate-pages.ts'

const NAMES = ['status', 'search', 'origin', 'anyTags', 'expiresFrom', 'expiresTo', 'waitsFor', 'sort'] as const
type Name = (typeof NAMES)[number]
export type ListState = Pick<CertificateQuery, Name>

/** What is about to expire comes first unless somebody sorts. */
export const DEFAULT_SORT: CertificateSort = '-created'

const isOneOf =
  (words: readonly string[]) =>
  (value: string): boolean =>
    words.includes(value)
const isAtMost =
  (length: number) =>
  (value: string): boolean =>
    value.length <= length
/** As the API has its times; the date alone has to exist. */
const isInstant = (value: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value))

/** What the API would take (certificate-list.ts), without its schemas: they are more than the rest of this page. */
const ACCEPTS: Readonly<Record<Name, (value: string) => boolean>> = {
  status: isOneOf(CERTIFICATE_STATUSES),
  search: isAtMost(253),
  origin: isOneOf(CERTIFICATE_ORIGINS),
  anyTags: isAtMost(1024),
  expiresFrom: isInstant,
  expiresTo: isInstant,
  waitsFor: isOneOf(RENEWAL_STAGES),
  sort: isOneOf(CERTIFICATE_SORTS),
}

/** What the address says; parts that nobody could have chosen are left out. */
export function readListState(params: URLSearchParams): ListState {
  const state: Record<string, string> = {}
  for (const name of NAMES) {
    const value = params.get(name)
    if (value !== null && ACCEPTS[name](value)) state[name] = value
  }
  return state as ListState
}

/** Where the list is as an address says it, without what the address says of something over it. */
export function listPlace(search: string): string {
  const query = new URLSearchParams(readListState(new URLSearchParams(search)) as Readonly<Record<string, string>>).toString()
  return query === '' ? '/' : `/?${query}`
}

export type ChangeListState = (change: { readonly [Key in Name]?: ListState[Key] | undefined }) => void

export function useListState(): [ListState, ChangeListState] {
  const [params, setParams] = useSearchParams()
  const queries = useQueryClient()
  const latest = useRef({ params, setParams })
  useLayoutEffect(() => {
    latest.current = { params, setParams }
  })
  // The same function each time: what it is given to is not drawn anew for every filter.
  const change = useCallback<ChangeListState>(
    (changes) => {
      const before = latest.current.params
      const next = new URLSearchParams(before)
      for (const [name, value] of Object.entries(changes)) {
        if (value === undefined || value === '') next.delete(name)
        else next.set(name, value)
      }
      if (next.toString() === before.toString()) return
      askForList(queries, readListState(next))
      latest.current.setParams(next) // "Back" leads to what was shown before it was chosen
    },
    [queries],
  )
  return [readListState(params), change]
}

/** True when the list shows less than everything. */
export function isFiltered({ sort: _sort, ...filter }: ListState): boolean {
  return Object.values(filter).some((value) => value !== undefined)
}
