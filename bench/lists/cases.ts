/**
 * What is asked: once through the API, and once as the SQL that somebody who knows the tables would write by hand. Both give the same
 * certificates in the same order, which the bench checks each time.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { ExpiryCount, RenewalFunnel, RenewalStage, StatusCount } from '@evercert/contract'
import type { Db } from '../../packages/server/src/db/connect.ts'

export interface World {
  readonly db: Db
  readonly accountId: string
  readonly size: number
}

/** Bare requests: what a client makes of the answer is the client's. */
export interface Api {
  get<Answer>(path: string, query: Readonly<Record<string, string>>): Promise<Answer>
}

interface Page<Item> {
  readonly items: readonly Item[]
}

export interface Case {
  readonly name: string
  /** @param at a number from 0 below the size, another one each time */
  readonly api: (api: Api, at: number) => Promise<string>
  readonly sql: (world: World, at: number) => Promise<string>
}

const LIMIT = 50
const NEWEST_FIRST = sql`l.lineage_id desc, l.lineage_index`
const BY_EXPIRY = sql`l.place_not_after, l.lineage_id, l.lineage_index`
const OPEN = sql`not l.closed`
const SOON = sql`l.phase = 'valid' and l.not_after > now() and l.window_opens_at <= now()`

interface Wish {
  readonly name: string
  readonly query: (at: number) => Readonly<Record<string, string>>
  readonly where: (at: number, world: World) => RawBuilder<unknown>
  readonly order?: RawBuilder<unknown>
}

/** A list with all that the API shows of each row. */
function list({ name, query, where, order = NEWEST_FIRST }: Wish): Case {
  return {
    name,
    api: async (api, at) => {
      const { items } = await api.get<Page<{ id: string }>>('certificates', { ...query(at), limit: String(LIMIT) })
      return items.map(({ id }) => id).join()
    },
    sql: async (world, at) => {
      const { rows } = await sql<{ id: string }>`
        select c.id, c.name, c.origin, c.managed, c.renews_certificate_id, c.served_at, c.created_at, c.closed_as, c.revoked_at,
          a.state, a.identifiers, i.sha256, i.serial, i.issuer, i.names, i.not_before, i.not_after, o.brand, o.grade,
          o.certificate_type, o.domain_type, e.entitled_until, e.topped_up_days, r.new_certificate_id,
          array(select tag from certificate_tag t where t.certificate_id = c.id order by tag) as tags
        from certificate_listing l join certificate c on c.id = l.certificate_id
          left join application a on a.id = c.application_id left join issuance i on i.id = c.issuance_id
          left join "order" o on o.id = c.order_id left join entitlement e on e.certificate_id = c.id
          left join renewal r on r.old_certificate_id = c.id and r.state <> 'cancelled'
        where l.account_id = ${world.accountId} and ${where(at, world)} order by ${order} limit ${LIMIT}`.execute(world.db)
      return rows.map(({ id }) => id).join()
    },
  }
}

const counts: Case = {
  name: 'counts by status',
  api: async (api) => {
    const { items } = await api.get<Page<StatusCount>>('certificates/counts', {})
    return items
      .map(({ status, count }) => `${status} ${count}`)
      .toSorted()
      .join()
  },
  sql: async ({ db, accountId }) => {
    const { rows } = await sql<{ status: string; count: number }>`
      select case when l.phase <> 'valid' then l.phase when l.not_after <= now() then 'expired'
        when l.window_opens_at <= now() then 'expiringSoon' else 'issued' end as status, count(*)::int as count
      from certificate_listing l where l.account_id = ${accountId} group by 1`.execute(db)
    return rows
      .map(({ status, count }) => `${status} ${count}`)
      .toSorted()
      .join()
  },
}

/** Of the year to come. */
const expiries: Case = {
  name: 'counts by day of expiry',
  api: async (api) => {
    const { items } = await api.get<Page<ExpiryCount>>('certificates/expiries', { days: '365' })
    return items.map(({ on, count }) => `${on} ${count}`).join()
  },
  sql: async ({ db, accountId }) => {
    const { rows } = await sql<ExpiryCount>`
      select to_char(l.not_after at time zone 'UTC', 'YYYY-MM-DD') as on, count(*)::int as count from certificate_listing l
      where l.account_id = ${accountId} and l.phase in ('valid', 'revocationPending')
        and (l.not_after at time zone 'UTC')::date >= (now() at time zone 'UTC')::date
        and (l.not_after at time zone 'UTC')::date < (now() at time zone 'UTC')::date + 365
      group by 1 order by 1`.execute(db)
    return rows.map(({ on, count }) => `${on} ${count}`).join()
  },
}

/** Those that are proved are what entered and waits for nothing. */
const funnel: Case = {
  name: 'funnel of renewals',
  api: async (api) => {
    const { entered, stages } = await api.get<RenewalFunnel>('certificates/funnel', {})
    const waiting = stages.flatMap(({ stage, waiting: count }) => (count === 0 ? [] : [`${stage} ${count}`]))
    return [`entered ${entered}`, ...waiting.toSorted()].join()
  },
  sql: async ({ db, accountId }) => {
    const { rows } = await sql<{ stage: string | null; count: number }>`
      select l.waits_for as stage, count(*)::int as count
      from certificate_listing l where l.account_id = ${accountId} and ${SOON} group by 1`.execute(db)
    const waiting = rows.flatMap(({ stage, count }) => (stage === null ? [] : [`${stage} ${count}`]))
    return [`entered ${rows.reduce((sum, { count }) => sum + count, 0)}`, ...waiting.toSorted()].join()
  },
}

const idOf = (n: number): string => `crt_${String(n).padStart(26, '0')}`
/** Of a single certificate. */
const singleAt = (at: number): number => at - (at % 10) + 3
const lineageAt = (at: number): string => idOf(singleAt(at))
const inSet = (set: RawBuilder<unknown>) => sql`${OPEN} and l.certificate_id in (${set})`
const tagged = (accountId: string, tags: readonly string[]) =>
  sql`select certificate_id from certificate_tag where account_id = ${accountId} and tag = any(${[...tags]}::text[])`
const token = (accountId: string, kind: 'name' | 'domain', prefix: string) =>
  sql`select certificate_id from certificate_token where account_id = ${accountId} and kind = ${kind}
    and token >= ${prefix} and token < ${`${prefix}\u{10FFFF}`}`
const issuance = (accountId: string, condition: RawBuilder<unknown>) =>
  sql`select certificate_id from issuance where account_id = ${accountId} and ${condition}`
/** The certificates in their window whose renewals wait for it, and those renewals. */
const waiting = (accountId: string, stage: RenewalStage) => {
  const old = sql`l.account_id = ${accountId} and l.waits_for = ${stage} and ${SOON}`
  return sql`select l.certificate_id from certificate_listing l where ${old}
    union all select r.new_certificate_id from renewal r join certificate_listing l on l.certificate_id = r.old_certificate_id
    where r.state <> 'cancelled' and r.new_certificate_id is not null and ${old}`
}
const dayFrom = (at: number): number => Math.floor(Date.now() / 86_400_000 + (at % 300)) * 86_400_000
const team = (at: number): string => `team-${at % 1000}`

export const CASES: readonly Case[] = [
  list({ name: 'first page', query: () => ({}), where: () => OPEN }),
  list({
    name: 'a page in the middle',
    query: (at) => ({ cursor: Buffer.from(JSON.stringify(['-created', null, lineageAt(at), 0])).toString('base64url') }),
    where: (at) => sql`${OPEN} and l.lineage_id < ${lineageAt(at)}`,
  }),
  list({ name: 'by expiry', query: () => ({ sort: 'expiry' }), where: () => OPEN, order: BY_EXPIRY }),
  list({
    name: 'by name, last first',
    query: () => ({ sort: '-name' }),
    where: () => OPEN,
    order: sql`l.place_name desc, l.lineage_id desc, l.lineage_index`,
  }),
  list({ name: 'expiring soon', query: () => ({ status: 'expiringSoon' }), where: () => SOON }),
  list({
    name: 'expiring soon, by expiry',
    query: () => ({ status: 'expiringSoon', sort: 'expiry' }),
    where: () => sql`${SOON} and ${OPEN}`,
    order: BY_EXPIRY,
  }),
  list({
    name: 'expiring soon, last first',
    query: () => ({ status: 'expiringSoon', sort: '-expiry' }),
    where: () => sql`${SOON} and ${OPEN}`,
    order: sql`l.place_not_after desc, l.lineage_id desc, l.lineage_index`,
  }),
  list({
    name: 'issued, by name',
    query: () => ({ status: 'issued', sort: 'name' }),
    where: () => sql`l.phase = 'valid' and l.window_opens_at > now() and l.not_after > now() and ${OPEN}`,
    order: sql`l.place_name, l.lineage_id, l.lineage_index`,
  }),
  list({
    name: 'issued, soonest first',
    query: () => ({ status: 'issued', sort: 'expiry' }),
    where: () => sql`l.phase = 'valid' and l.window_opens_at > now() and l.not_after > now() and ${OPEN}`,
    order: BY_EXPIRY,
  }),
  list({
    name: 'expired, last first',
    query: () => ({ status: 'expired', sort: '-expiry' }),
    where: () => sql`l.phase = 'valid' and l.not_after <= now()`,
    order: sql`l.place_not_after desc, l.lineage_id desc, l.lineage_index`,
  }),
  list({
    name: 'pending application, by name',
    query: () => ({ status: 'pendingApplication', sort: 'name' }),
    where: () => sql`l.phase = 'pendingApplication'`,
    order: sql`l.place_name, l.lineage_id, l.lineage_index`,
  }),
  list({
    name: 'expires on one day, by expiry',
    query: (at) => ({
      expiresFrom: new Date(dayFrom(at)).toISOString(),
      expiresTo: new Date(dayFrom(at) + 86_400_000).toISOString(),
      sort: 'expiry',
    }),
    where: (at) =>
      sql`${OPEN} and l.not_after >= ${new Date(dayFrom(at))} and l.not_after < ${new Date(dayFrom(at) + 86_400_000)}`,
    order: BY_EXPIRY,
  }),
  list({ name: 'uploaded', query: () => ({ origin: 'uploaded' }), where: () => sql`${OPEN} and l.origin = 'uploaded'` }),
  list({
    name: 'part of an issuer, by expiry',
    query: (at) => ({ issuer: `issuing ${10 + (at % 10)}`, sort: 'expiry' }),
    where: (at) => sql`${OPEN} and l.issuer = ${`O=CA ${10 + (at % 10)}, CN=Issuing ${10 + (at % 10)}`}`,
    order: BY_EXPIRY,
  }),
  list({
    name: 'a domain',
    query: (at) => ({ domain: `site-${singleAt(at)}.team-${singleAt(at) % 1000}.example.com` }),
    where: (at, { accountId }) =>
      inSet(token(accountId, 'domain', `site-${singleAt(at)}.team-${singleAt(at) % 1000}.example.com`)),
  }),
  list({
    name: 'a domain and those below it',
    query: (at) => ({ domain: `${team(at)}.example.com` }),
    where: (at, { accountId }) => inSet(token(accountId, 'domain', `${team(at)}.example.com`)),
  }),
  list({
    name: 'all below one domain, by name',
    query: () => ({ domain: 'example.com', sort: 'name' }),
    where: (_at, { accountId }) => inSet(token(accountId, 'domain', 'example.com')),
    order: sql`l.place_name, l.lineage_id, l.lineage_index`,
  }),
  list({
    name: 'beginning of a name',
    query: (at) => ({ name: `Site-${Math.floor(at / 10)}` }),
    where: (at, { accountId }) => inSet(token(accountId, 'name', `site-${Math.floor(at / 10)}`)),
  }),
  list({
    name: 'search for a word',
    query: (at) => ({ search: `team-${at % 1000}.` }),
    where: (at, { accountId }) =>
      inSet(sql`${token(accountId, 'name', `team-${at % 1000}.`)} union all ${token(accountId, 'domain', `team-${at % 1000}.`)}`),
  }),
  list({
    name: 'beginning of a SHA-256',
    query: (at) => ({ fingerprint: (at * 48_271).toString(16).padStart(4, '0').slice(-4) }),
    where: (at, { accountId }) => {
      const prefix = (at * 48_271).toString(16).padStart(4, '0').slice(-4)
      return inSet(issuance(accountId, sql`sha256 collate "C" >= ${prefix} and sha256 collate "C" < ${`${prefix}~`}`))
    },
  }),
  list({
    name: 'beginning of a serial number',
    query: (at) => ({ serial: (at * 48_271).toString(16).padStart(5, '0').slice(-5) }),
    where: (at, { accountId }) => {
      const prefix = (at * 48_271).toString(16).padStart(5, '0').slice(-5)
      return inSet(issuance(accountId, sql`serial collate "C" >= ${prefix} and serial collate "C" < ${`${prefix}~`}`))
    },
  }),
  list({
    name: 'two tags',
    query: (at) => ({ tags: `${team(at - (at % 4))},prod` }),
    where: (at, { accountId }) =>
      sql`${inSet(tagged(accountId, [team(at - (at % 4))]))} and l.certificate_id in (${tagged(accountId, ['prod'])})`,
  }),
  list({
    name: 'one of two tags, expiring soon, by expiry',
    query: (at) => ({ anyTags: `${team(at)},${team(at + 1)}`, status: 'expiringSoon', sort: 'expiry' }),
    where: (at, { accountId }) => sql`${SOON} and ${inSet(tagged(accountId, [team(at), team(at + 1)]))}`,
    order: BY_EXPIRY,
  }),
  list({
    name: 'a tag that half of all have',
    query: () => ({ tags: 'test' }),
    where: (_at, { accountId }) => inSet(tagged(accountId, ['test'])),
  }),
  ...(['ordered', 'installed', 'applied'] as const).map((stage) =>
    list({
      name: `waits to be ${stage}`,
      query: () => ({ waitsFor: stage }),
      where: (_at, { accountId }) => inSet(waiting(accountId, stage)),
    }),
  ),
  list({
    name: 'waits to be ordered, by expiry',
    query: () => ({ waitsFor: 'ordered', sort: 'expiry' }),
    where: (_at, { accountId }) => inSet(waiting(accountId, 'ordered')),
    order: BY_EXPIRY,
  }),
  counts,
  expiries,
  funnel,
]
