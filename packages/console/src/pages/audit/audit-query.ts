/**
 * What the log is searched by: it stands in the address, so that a search can be passed on.
 *
 * @module
 */
import { auditOutcome, type AuditOutcome } from '@evercert/contract'
import { startOfDay } from '../../components/days.ts'

/** All that is missing or empty is not searched by. */
export interface AuditSearch {
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly subjectId?: string | undefined
  readonly outcome?: AuditOutcome | undefined
  /** Days in the time zone of the browser, `YYYY-MM-DD`; the last one is part of it. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** All accounts, for the operator. */
  readonly installation?: boolean | undefined
}

const TEXTS = ['actor', 'action', 'subjectId', 'from', 'to'] as const

export function readSearch(params: URLSearchParams): AuditSearch {
  const texts = TEXTS.flatMap((name) => {
    const value = params.get(name)?.trim() ?? ''
    return value === '' ? [] : [[name, value] as const]
  })
  const outcome = auditOutcome.safeParse(params.get('outcome'))
  return {
    ...Object.fromEntries(texts),
    ...(outcome.success && { outcome: outcome.data }),
    ...(params.get('installation') === 'true' && { installation: true }),
  }
}

/** The path of the page with a search. */
export function placeOfSearch(search: AuditSearch): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '' && value !== false)
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return query === '' ? '/audit' : `/audit?${query}`
}

/** As the API takes it. Days that are none are left out. */
export function toRequest({ from, to, ...search }: AuditSearch) {
  const begin = startOfDay(from, 0)
  const end = startOfDay(to, 1)
  return { ...search, ...(begin !== null && { from: begin }), ...(end !== null && { to: end }) }
}
