/**
 * The renewals that a filter leaves out, and that stand under the certificates of a page nevertheless.
 *
 * @module
 */
import { sql } from 'kysely'
import { CLOSED, listCertificates, type ListRequest, type ListRow } from './certificate-list.ts'
import type { Db } from './connect.ts'

/** Of one certificate, the nearest; the rest of a longer lineage is on its own page. */
export const MAX_UNDER = 20

/** That are looked at in a lineage. */
const MAX_FOLLOWERS = 1000

export interface PageOfRows {
  readonly rows: readonly ListRow[]
  /** The first row behind it; null when none follows. */
  readonly next: ListRow | null
}

interface Member {
  readonly id: string
  readonly lineage_id: string
  readonly lineage_index: number
  readonly renews_certificate_id: string | null
  readonly is_shown: boolean
}

/**
 * Each live renewal that does not match the filter, under the nearest row of the list that it renews, by one link or several. By certificate;
 * those that nothing follows are left out. Closed ones, and those that the caller does not see, are passed over; nothing stands under a closed one.
 */
export async function findUnder(db: Db, request: ListRequest, page: PageOfRows): Promise<ReadonlyMap<string, readonly string[]>> {
  const under = new Map<string, string[]>()
  if (request.filter.status !== null && CLOSED.has(request.filter.status)) return under
  const members = await findFollowers(db, request, page.rows)
  if (members.length === 0) return under
  const matching = new Set([...page.rows, ...(await findRest(db, request, page, members))].map((row) => row.certificateId))
  const rowOf = new Map<string, string>(page.rows.map(({ certificateId: id }) => [id, id]))
  for (const { id, renews_certificate_id: oldId, is_shown: isShown } of members) {
    const row = matching.has(id) || oldId === null ? undefined : rowOf.get(oldId)
    if (row === undefined) continue
    rowOf.set(id, row)
    const found = under.get(row) ?? []
    if (isShown && found.length < MAX_UNDER) under.set(row, [...found, id])
  }
  return under
}

/** What stands behind the page's first row of each lineage, in the order of the lineage. */
async function findFollowers(db: Db, { accountId, filter }: ListRequest, rows: readonly ListRow[]): Promise<readonly Member[]> {
  const firsts = new Map(rows.toReversed().map(({ position }) => [position.lineageId, position.lineageIndex]))
  const isSeen =
    filter.narrowedTo === null
      ? sql`true`
      : sql`exists (select from certificate_tag t where t.certificate_id = c.id and t.account_id = ${accountId}
          and t.tag = any(${[...filter.narrowedTo]}::text[]))`
  // Each lineage by itself, in the order of its index: where nothing is analysed yet the planner would read the whole account.
  const found = await sql<Member>`
    select c.id, c.lineage_id, c.lineage_index, c.renews_certificate_id, c.closed_as is null and ${isSeen} as is_shown
    from unnest(${[...firsts.keys()]}::text[], ${[...firsts.values()]}::int[]) f (lineage_id, lineage_index)
      cross join lateral (
        select id, lineage_id, lineage_index, renews_certificate_id, closed_as from certificate
        where account_id = ${accountId} and lineage_id = f.lineage_id and lineage_index > f.lineage_index
        order by account_id, lineage_id desc, lineage_index limit ${MAX_FOLLOWERS}
      ) c
    order by c.lineage_id, c.lineage_index`.execute(db)
  return found.rows
}

/**
 * Rows of the page's last lineage behind the page. All others are known: what the list passed by between two of its rows does not match its
 * filter.
 */
async function findRest(
  db: Db,
  request: ListRequest,
  { rows, next }: PageOfRows,
  members: readonly Member[],
): Promise<readonly ListRow[]> {
  const last = rows.at(-1)
  if (last === undefined || next === null || next.position.lineageId !== last.position.lineageId) return []
  const { lineageId, lineageIndex } = next.position
  const behind = members.filter((member) => member.lineage_id === lineageId && member.lineage_index > lineageIndex)
  if (behind.length === 0) return [next]
  return [next, ...(await listCertificates(db, { ...request, after: next.position, limit: behind.length, lineageId }))]
}
