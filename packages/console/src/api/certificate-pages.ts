/**
 * The list of certificates, page after page: asked for by whoever knows first what is wanted, and shown by the list.
 *
 * @module
 */
import type { CertificateQuery, ListedCertificate } from '@evercert/contract'
import { infiniteQueryOptions, type QueryClient } from '@tanstack/react-query'
import { api } from './client.ts'
import { keys } from './keys.ts'

/** The first page is there soon: more than a screen has room for, and no more. Who goes on wants many. */
const FIRST_PAGE_SIZE = 25
const PAGE_SIZE = 200
/** What was asked for ahead is shown for so long. */
const AHEAD_MS = 10_000

interface CertificatePage {
  readonly items: ListedCertificate[]
  readonly nextCursor: string | null
}

function loadPage(query: CertificateQuery, cursor: string | null): Promise<CertificatePage> {
  return api.certificates.list({ ...query, ...(cursor === null ? { limit: FIRST_PAGE_SIZE } : { limit: PAGE_SIZE, cursor }) })
}

/** Of the page that was asked for ahead there is one; it is used once. */
let ahead: { readonly place: string; readonly at: number; readonly page: Promise<CertificatePage> } | null = null

const placeOf = (query: CertificateQuery, cursor: string): string => JSON.stringify([keys.list(query), cursor])

function takeAhead(query: CertificateQuery, cursor: string): Promise<CertificatePage> | null {
  const found = ahead !== null && ahead.place === placeOf(query, cursor) && performance.now() - ahead.at < AHEAD_MS
  const page = found ? (ahead?.page ?? null) : null
  if (found) ahead = null
  return page
}

/** Asks for a page that is likely to be wanted soon; what fails is asked again when it is. */
export function askAhead(query: CertificateQuery, cursor: string): void {
  const place = placeOf(query, cursor)
  if (ahead !== null && ahead.place === place && performance.now() - ahead.at < AHEAD_MS) return
  const page = loadPage(query, cursor)
  const asked = { place, at: performance.now(), page }
  ahead = asked
  page.catch(() => {
    if (ahead === asked) ahead = null
  })
}

/** What the list shows for a query. */
export function listPages(query: CertificateQuery) {
  return infiniteQueryOptions({
    queryKey: keys.list(query),
    queryFn: ({ pageParam: cursor }) => (cursor === null ? null : takeAhead(query, cursor)) ?? loadPage(query, cursor),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  })
}

/** Asks for the first page before anything is drawn anew: the answer is on its way meanwhile. */
export function askForList(queries: QueryClient, query: CertificateQuery): void {
  void queries.prefetchInfiniteQuery(listPages(query))
}
