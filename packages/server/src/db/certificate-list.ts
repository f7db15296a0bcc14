/**
 * One page of the certificate list: which certificates, in which order. Conditions that mean few certificates are resolved to their ids
 * first; what is left to the database is walking one index in the order of the list.
 *
 * @module
 */
import { sql, type Expression, type RawBuilder, type SqlBool } from 'kysely'
import type { CertificateStatus } from '../domain/certificate/derive-status.ts'
import type { ListFilter, SearchTerms } from '../domain/certificate/list-filter.ts'
import type { Db } from './connect.ts'
import { findFewWaiting, waitingFor } from './renewal-funnel.ts'
import { statusCondition } from './status-condition.ts'

export type SortKey = 'created' | 'expiry' | 'name'

/** Where a row stands: the place of its lineage, the lineage, and its own place in that. */
export interface ListPosition {
  /** Epoch milliseconds for `expiry`, a name in lower case for `name`, null for `created`: there the lineage's id is the place. */
  readonly place: number | string | null
  readonly lineageId: string
  readonly lineageIndex: number
}

export interface ListRow {
  readonly certificateId: string
  readonly position: ListPosition
}

export interface ListRequest {
  readonly accountId: string
  readonly now: number
  readonly limit: number
  readonly filter: ListFilter
  readonly sort: { readonly key: SortKey; readonly descending: boolean }
  /** No certificate's window is longer, by the policy in force. */
  readonly longestWindowMs: number
  /** The last row of the page before. */
  readonly after: ListPosition | null
  /** Only rows of this lineage. Default: all. */
  readonly lineageId?: string
  /** More ids than this are not carried around: their condition is checked row by row. Default 2000. */
  readonly maxIds?: number
}

const MAX_IDS = 2000
/** Statuses of what is out of the way; all others are of what is not closed. */
export const CLOSED: ReadonlySet<CertificateStatus> = new Set(['cancelled', 'refunded', 'closed'])

/** One page. A renewal stands directly under the certificate that it renews, in either direction. */
export async function listCertificates(db: Db, request: ListRequest): Promise<readonly ListRow[]> {
  const { accountId, filter, sort } = request
  const conditions = [sql<SqlBool>`l.account_id = ${accountId}`, ...columnConditions(request)]
  if (filter.ids !== null) conditions.push(sql`l.certificate_id = any(${[...filter.ids]}::text[])`)
  if (filter.issuer !== null) conditions.push(sql`l.issuer = any(${await findIssuers(db, accountId, filter.issuer)}::text[])`)
  if (request.lineageId !== undefined) conditions.push(sql`l.lineage_id = ${request.lineageId}`)
  const few = await resolveIdSets(db, idSets(request), request.maxIds ?? MAX_IDS)
  if (few.ids !== null) {
    if (few.ids.length === 0) return []
    conditions.push(sql`l.certificate_id = any(${few.ids}::text[])`)
  }
  conditions.push(...few.rest.map((set) => rowByRow(set)))
  if (request.after !== null) conditions.push(afterPosition(sort, request.after))
  const { rows } = await sql<Row>`${walk(request, conditions)}`.execute(db)
  return rows.map((row) => toListRow(row, sort.key))
}

/**
 * By expiry, those that are expired or will be soon are walked from two places: those that a renewal has followed stand where their lineage
 * does, among everything that is valid, and have an index of their own; the rest ends where the longest window does. One walk would pass by
 * all that is valid.
 */
function walk(
  { filter, sort, limit, now, longestWindowMs }: ListRequest,
  conditions: readonly RawBuilder<SqlBool>[],
): RawBuilder<unknown> {
  const direction = sql.raw(sort.descending ? 'desc' : 'asc')
  const place = sort.key === 'created' ? sql`` : sql`${placeColumn(sort.key)} ${direction}, `
  const inOrder = sql`order by ${place}l.lineage_id ${direction}, l.lineage_index limit ${limit}`
  const pageOf = (...more: RawBuilder<SqlBool>[]) => sql`
    select l.certificate_id, l.place_not_after, l.place_name, l.lineage_id, l.lineage_index from certificate_listing l
    where ${sql.join([...conditions, ...more], sql` and `)} ${inOrder}`
  const { status } = filter
  if (sort.key !== 'expiry' || (status !== 'expired' && status !== 'expiringSoon')) return pageOf()
  const end = new Date(status === 'expired' ? now : now + longestWindowMs)
  const within = sql<SqlBool>`l.place_not_after <= ${end}`
  const followed = sql<SqlBool>`l.not_after < l.place_not_after and l.place_not_after > ${end}`
  return sql`select * from ((${pageOf(followed)}) union all (${pageOf(within)})) l ${inOrder}`
}

interface Row {
  readonly certificate_id: string
  readonly place_not_after: Date
  readonly place_name: string
  readonly lineage_id: string
  readonly lineage_index: number
}

function toListRow(row: Row, key: SortKey): ListRow {
  const places = { created: null, expiry: row.place_not_after.getTime(), name: row.place_name }
  return {
    certificateId: row.certificate_id,
    position: { place: places[key], lineageId: row.lineage_id, lineageIndex: row.lineage_index },
  }
}

function placeColumn(key: Exclude<SortKey, 'created'>): RawBuilder<unknown> {
  return sql.raw(key === 'expiry' ? 'l.place_not_after' : 'l.place_name')
}

/** The rest of the same lineage, then the lineages behind it. A comparison of rows walks the index from there. */
function afterPosition({ key, descending }: ListRequest['sort'], after: ListPosition): RawBuilder<SqlBool> {
  const comparison = sql.raw(descending ? '<=' : '>=')
  const seen = sql`(l.lineage_id = ${after.lineageId} and l.lineage_index <= ${after.lineageIndex})`
  if (key === 'created') return sql`l.lineage_id ${comparison} ${after.lineageId} and not ${seen}`
  const place = key === 'expiry' ? new Date(Number(after.place)) : String(after.place)
  return sql`(${placeColumn(key)}, l.lineage_id) ${comparison} (${place}, ${after.lineageId}) and not ${seen}`
}

function columnConditions({ filter, now, sort }: ListRequest): RawBuilder<SqlBool>[] {
  const { status, brand, origin, expiresFrom, expiresTo, waitsFor } = filter
  const live = status === 'issued' || status === 'expiringSoon' || status === 'revocationPending'
  const conditions = status === null ? [] : [statusCondition(status, new Date(now))]
  // Follow from the status. The indexes that give the order hold what is not closed.
  const mayBeClosed = status === null ? filter.ids !== null : CLOSED.has(status)
  if (!mayBeClosed) conditions.push(sql`not l.closed`)
  // A lineage's place is the latest notAfter of those that are valid: the walk may begin there.
  if (live && sort.key === 'expiry') conditions.push(sql`l.place_not_after > ${new Date(now)}`)
  if (waitsFor !== null) {
    // Follow from what `waitingFor` finds: rows that are none of it are passed by without being asked for there.
    if (sort.key === 'expiry') conditions.push(sql`l.place_not_after > ${new Date(now)}`)
    conditions.push(
      sql`(l.lineage_index > 0 or (l.waits_for = ${waitsFor} and ${statusCondition('expiringSoon', new Date(now))}))`,
    )
  }
  if (brand !== null) conditions.push(sql`l.brand = ${brand}`)
  if (origin !== null) conditions.push(sql`l.origin = ${origin}`)
  if (expiresFrom !== null) conditions.push(sql`l.not_after >= ${new Date(expiresFrom)}`)
  if (expiresTo !== null) conditions.push(sql`l.not_after < ${new Date(expiresTo)}`)
  return conditions
}

async function findIssuers(db: Db, accountId: string, part: string): Promise<string[]> {
  const { rows } = await sql<{ issuer: string }>`select issuer from issuer_name
    where account_id = ${accountId} and position(${part} in lower(issuer)) > 0`.execute(db)
  return rows.map(({ issuer }) => issuer)
}

type IdQuery = RawBuilder<{ certificate_id: string }>

interface IdSet {
  readonly query: IdQuery
  /** Up to so many ids, otherwise null; by default what the query gives. */
  readonly findFew?: (db: Db, max: number) => Promise<string[] | null>
}

/** Each condition that is kept in a table of its own, as the query of the certificates that meet it. */
function idSets(request: ListRequest): IdSet[] {
  const { accountId, filter } = request
  const tagged = (tags: readonly string[]): IdQuery =>
    sql`select certificate_id from certificate_tag where account_id = ${accountId} and tag = any(${[...tags]}::text[])`
  const queries = [
    ...(filter.search === null ? [] : [searchSet(accountId, filter.search)]),
    ...(filter.name === null ? [] : [tokenSet(accountId, 'name', filter.name)]),
    ...(filter.domain === null ? [] : [domainSet(accountId, filter.domain)]),
    ...(filter.sha256 === null ? [] : [issuanceSet(accountId, 'sha256', filter.sha256)]),
    ...(filter.serial === null ? [] : [issuanceSet(accountId, 'serial', filter.serial)]),
    ...filter.tags.map((tag) => tagged([tag])),
    ...(filter.anyTags.length === 0 ? [] : [tagged(filter.anyTags)]),
    ...(filter.narrowedTo === null ? [] : [tagged(filter.narrowedTo)]),
  ]
  return [...queries.map((query) => ({ query })), ...waitingSets(request)]
}

function waitingSets({ accountId, filter: { waitsFor }, now }: ListRequest): IdSet[] {
  if (waitsFor === null) return []
  const at = new Date(now)
  return [
    {
      query: waitingFor(accountId, waitsFor, at),
      findFew: (db, max) => findFewWaiting(db, { accountId, stage: waitsFor, now: at, max }),
    },
  ]
}

/** In the collation "C" everything that begins with a text lies between it and itself with the last character there is. */
function beginsWith(column: Expression<unknown>, prefix: string): RawBuilder<SqlBool> {
  return sql`${column} >= ${prefix} and ${column} < ${`${prefix}\u{10FFFF}`}`
}

function tokenSet(accountId: string, kind: 'name' | 'domain', prefix: string): IdQuery {
  return sql`select certificate_id from certificate_token
    where account_id = ${accountId} and kind = ${sql.lit(kind)} and ${beginsWith(sql.ref('token'), prefix)}`
}

/** Parents of a domain are among its tokens. */
function domainSet(accountId: string, domain: string): IdQuery {
  return sql`select certificate_id from certificate_token
    where account_id = ${accountId} and kind = 'domain' and token = ${domain}`
}

function issuanceSet(accountId: string, column: 'sha256' | 'serial', prefix: string): IdQuery {
  return sql`select certificate_id from issuance
    where account_id = ${accountId} and ${beginsWith(sql`${sql.ref(column)} collate "C"`, prefix)}`
}

function searchSet(accountId: string, { words, hex, id }: SearchTerms): IdQuery {
  const sets = [
    ...words.flatMap((word) => [tokenSet(accountId, 'name', word), tokenSet(accountId, 'domain', word)]),
    ...(hex === null ? [] : [issuanceSet(accountId, 'sha256', hex), issuanceSet(accountId, 'serial', hex)]),
    sql<{ certificate_id: string }>`select id from certificate where account_id = ${accountId} and id = ${id}`,
  ]
  return sql.join(sets, sql` union all `) as IdQuery
}

/**
 * Of many the first page is found soon by walking the list and asking for each row. `exists` or `in` would let the planner gather all of
 * them first; a scalar subquery with a limit cannot be turned into a join.
 */
function rowByRow({ query }: IdSet): RawBuilder<SqlBool> {
  return sql`(select true from (${query}) found where found.certificate_id = l.certificate_id limit 1)`
}

/** Ids that meet every set which means few certificates; null when none does. The others are left to be checked row by row. */
async function resolveIdSets(db: Db, sets: readonly IdSet[], maxIds: number): Promise<{ ids: string[] | null; rest: IdSet[] }> {
  const rest: IdSet[] = []
  const few: ReadonlySet<string>[] = []
  for (const set of sets) {
    const found = await (set.findFew ?? findFewOf(set.query))(db, maxIds)
    if (found === null) rest.push(set)
    else few.push(new Set(found))
  }
  const [first, ...others] = few
  return { ids: first === undefined ? null : [...first].filter((id) => others.every((other) => other.has(id))), rest }
}

function findFewOf(query: IdQuery): NonNullable<IdSet['findFew']> {
  return async (db, max) => {
    const { rows } = await sql<{ certificate_id: string }>`select certificate_id from (${query}) found limit ${max + 1}`.execute(
      db,
    )
    return rows.length > max ? null : rows.map((row) => row.certificate_id)
  }
}
