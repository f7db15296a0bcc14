/**
 * The list of certificates as the API shows it: pages, counts by status, and the whole of it as a file.
 *
 * @module
 */
import { z } from 'zod'
import {
  certificateStatus,
  type CertificateQuery,
  type CertificateSort,
  type CertificateView,
  type ExpiryCount,
  type ListedCertificate,
  type StatusCount,
} from '@evercert/contract'
import { listCertificates, type ListPosition, type ListRequest, type SortKey } from '../db/certificate-list.ts'
import { findUnder, type PageOfRows } from '../db/certificate-under.ts'
import { countByExpiryDay, countByStatus } from '../db/certificate-tally.ts'
import { countTaggedByExpiryDay, countTaggedByStatus } from '../db/tagged-counts.ts'
import { findCertificates } from '../db/certificates.ts'
import { leavesOut, toListFilter } from '../domain/certificate/list-filter.ts'
import { longestWindowMs } from '../domain/certificate/window.ts'
import { AppError } from '../domain/errors.ts'
import { toCertificateView } from './certificates.ts'
import type { Caller, Services } from './context.ts'
import { foreseeManaged } from './managed-foresight.ts'
import { STATUS_TEXTS } from './texts.ts'

export interface ListQuery extends CertificateQuery {
  readonly cursor?: string | undefined
  readonly limit: number
}

export const DEFAULT_SORT: CertificateSort = '-created'

/** A page of the list. @throws AppError `invalid` for a cursor that this list did not give, or a fingerprint that is none */
export async function listCertificateViews(
  services: Services,
  caller: Caller,
  query: ListQuery,
): Promise<{ items: ListedCertificate[]; nextCursor: string | null }> {
  const sort = query.sort ?? DEFAULT_SORT
  const request = {
    accountId: caller.accountId,
    now: services.now(),
    limit: query.limit,
    filter: { ...toListFilter(query), narrowedTo: caller.tags ?? null },
    sort: toSort(sort),
    longestWindowMs: longestWindowMs(services.policy),
    after: query.cursor === undefined ? null : parseCursor(query.cursor, sort),
  }
  const page = await listPage(services, request)
  const under = leavesOut(request.filter) ? await findUnder(services.db, request, page) : new Map<string, readonly string[]>()
  const ids = page.rows.map(({ certificateId }) => certificateId)
  const views = await loadViews(services, request.accountId, [...ids, ...[...under.values()].flat()])
  const viewsOf = (wanted: readonly string[]): CertificateView[] => wanted.flatMap((id) => views.get(id) ?? [])
  const items = viewsOf(ids).map((view) => ({ ...view, under: viewsOf(under.get(view.id) ?? []) }))
  const last = lastOf(page)
  return { items, nextCursor: last === null ? null : toCursor(sort, last) }
}

async function listPage(services: Services, request: ListRequest): Promise<PageOfRows> {
  const rows = await listCertificates(services.db, { ...request, limit: request.limit + 1 })
  return { rows: rows.slice(0, request.limit), next: rows[request.limit] ?? null }
}

function lastOf({ rows, next }: PageOfRows): ListPosition | null {
  return next === null ? null : (rows.at(-1)?.position ?? null)
}

async function loadViews(
  services: Services,
  accountId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, CertificateView>> {
  const records = await findCertificates(services.db, accountId, ids)
  const foreseen = await foreseeManaged(services, services.db, [...records.values()])
  return new Map([...records].map(([id, record]) => [id, toCertificateView(services, record, foreseen.get(id) ?? null)]))
}

export interface LoadedPage {
  readonly views: CertificateView[]
  /** Null when no row follows. */
  readonly last: ListPosition | null
}

/**
 * What matches, and nothing else. Rows and what they show are read one after the other: a row shows what is true when it is shown.
 */
export async function loadPage(services: Services, request: ListRequest): Promise<LoadedPage> {
  const page = await listPage(services, request)
  const ids = page.rows.map(({ certificateId }) => certificateId)
  const views = await loadViews(services, request.accountId, ids)
  return { views: ids.flatMap((id) => views.get(id) ?? []), last: lastOf(page) }
}

export function toSort(sort: CertificateSort): ListRequest['sort'] {
  const descending = sort.startsWith('-')
  return { key: (descending ? sort.slice(1) : sort) as SortKey, descending }
}

const cursorParts = z.tuple([
  z.string(),
  z.union([z.number(), z.string().max(256), z.null()]),
  z.string().regex(/^crt_[0-9a-z]{26}$/),
  z.int().min(0),
])

function toCursor(sort: CertificateSort, { place, lineageId, lineageIndex }: ListPosition): string {
  return Buffer.from(JSON.stringify([sort, place, lineageId, lineageIndex])).toString('base64url')
}

function parseCursor(cursor: string, sort: CertificateSort): ListPosition {
  const parsed = cursorParts.safeParse(tryJson(Buffer.from(cursor, 'base64url').toString()))
  const [cursorSort, place, lineageId, lineageIndex] = parsed.data ?? ['', null, '', 0]
  const fits = { created: place === null, expiry: isInstant(place), name: typeof place === 'string' }[toSort(sort).key]
  if (parsed.success && cursorSort === sort && fits) return { place, lineageId, lineageIndex }
  throw new AppError('invalid', 'Reading the cursor: it is not one of this list in this order: take nextCursor as it came.')
}

function isInstant(place: unknown): boolean {
  return typeof place === 'number' && !Number.isNaN(new Date(place).getTime())
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** How many certificates expire on each of the days to come, the present one among them. */
export function countExpiries(services: Services, caller: Caller, days: number): Promise<ExpiryCount[]> {
  const period = { now: services.now(), days }
  return caller.tags === undefined
    ? countByExpiryDay(services.db, caller.accountId, period)
    : countTaggedByExpiryDay(services.db, { accountId: caller.accountId, tags: caller.tags }, period)
}

/** In the order of the statuses; those that no certificate has are left out. */
export async function countCertificates(services: Services, caller: Caller): Promise<StatusCount[]> {
  const { accountId, tags } = caller
  const now = services.now()
  const counts =
    tags === undefined
      ? await countByStatus(services.db, accountId, now)
      : await countTaggedByStatus(services.db, { accountId, tags }, now)
  return certificateStatus.options.flatMap((status) => {
    const count = counts.get(status)
    return count === undefined ? [] : [{ status, statusText: STATUS_TEXTS[status], count }]
  })
}
