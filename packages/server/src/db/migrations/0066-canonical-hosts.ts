/**
 * Hosts as they are stored since they are looked at when they are entered: A-labels in lower case without the final dot, addresses in their usual form. What
 * was entered before that is written anew, so that one place is there once, and is found by its name.
 *
 * Two endpoints of one certificate that turn out to be one place become one: that with the newest proof, which takes over what was seen of the other. Of
 * different certificates each keeps its own, as it was entered: none loses what proves it.
 *
 * @module
 */
import { canonicalHost } from '@evercert/pki/probe'
import { sql, type Kysely } from 'kysely'

type Db = Kysely<unknown>

interface Place {
  readonly id: string
  readonly account_id: string
  readonly host: string
  readonly port: number
  readonly server_name: string
}

interface Endpoint extends Place {
  readonly certificate_id: string
}

export async function up(db: Db): Promise<void> {
  for (const group of await findOdd(db, 'endpoint')) await mendEndpoints(db, group)
  for (const group of await findOdd(db, 'endpoint_candidate')) await mendCandidates(db, group)
  await mendProbes(db)
}

const PAGE = 5_000

/** What is written otherwise than it would be now, by the place that it is. */
async function findOdd(db: Db, table: 'endpoint' | 'endpoint_candidate'): Promise<Iterable<readonly Place[]>> {
  const odd: Place[] = []
  for (let after = ''; ;) {
    const { rows } = await sql<Place>`select id, account_id, host, port, server_name from ${sql.table(table)}
      where id > ${after} order by id limit ${PAGE}`.execute(db)
    odd.push(...rows.filter((row) => row.host !== canonical(row.host) || row.server_name !== canonical(row.server_name)))
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) break
    after = last.id
  }
  return Map.groupBy(odd, (row) => JSON.stringify([row.account_id, ...Object.values(placeOf(row))])).values()
}

/** What is neither a name nor an address stays as it is. */
const canonical = (host: string): string => canonicalHost(host) ?? host

function placeOf({ host, port, server_name: serverName }: Place) {
  return { host: canonical(host), port, serverName: canonical(serverName) }
}

async function mendEndpoints(db: Db, group: readonly Place[]): Promise<void> {
  const rows = await withCanonical<Endpoint>(db, group, {
    table: 'endpoint',
    columns: ['certificate_id'],
    bestFirst: sql`proved_at desc nulls last, created_at, id`,
  })
  const { host, port, serverName } = placeOf(rows[0])
  const holder = rows.find((row) => row.host === host && row.server_name === serverName) ?? rows[0]
  const [kept = holder, ...others] = rows.filter((row) => row.certificate_id === holder.certificate_id)
  for (const other of others) await mergeEndpoint(db, kept, other)
  await sql`update endpoint set host = ${host}, server_name = ${serverName} where id = ${kept.id}`.execute(db)
  if (others.length === 0) return
  // Whoever waits for its proof asks again what is left to prove.
  await sql`update certificate set probe_due_at = null, advance_at = least(advance_at, now())
    where id = ${kept.certificate_id} and advance_at is not null`.execute(db)
  const { id, account_id: accountId, certificate_id: certificateId } = kept
  for (const other of others) {
    const detail = `${other.host}:${port}: it is the same place as ${host}:${port} (${id}), which has what was seen of both`
    await sql`insert into history (account_id, certificate_id, subject, subject_id, from_state, to_state, actor, detail, at)
      values (${accountId}, ${certificateId}, 'endpoint', ${other.id}, null, 'removed', 'evercert', ${detail}, now())`.execute(db)
  }
}

interface Lookup {
  readonly table: 'endpoint' | 'endpoint_candidate'
  readonly columns: readonly string[]
  readonly bestFirst: ReturnType<typeof sql>
}

/** The group, and who has the place already by the right name. */
async function withCanonical<Row extends Place>(
  db: Db,
  group: readonly Place[],
  { table, columns, bestFirst }: Lookup,
): Promise<readonly [Row, ...Row[]]> {
  const [first] = group
  if (first === undefined) throw new Error('a group has rows')
  const { host, port, serverName } = placeOf(first)
  const { rows } = await sql<Row>`
    select ${sql.join(['id', 'account_id', 'host', 'port', 'server_name', ...columns].map((name) => sql.ref(name)))} from ${sql.table(table)}
    where id in (${sql.join(group.map(({ id }) => id))})
      or (account_id = ${first.account_id} and host = ${host} and port = ${port} and server_name = ${serverName})
    order by ${bestFirst}`.execute(db)
  const [best, ...rest] = rows
  if (best === undefined) throw new Error('a group has rows')
  return [best, ...rest]
}

/** Of each address what was seen last. */
async function mergeEndpoint(db: Db, kept: Endpoint, other: Endpoint): Promise<void> {
  await sql`delete from observation gone using observation stays
    where gone.address = stays.address and gone.endpoint_id in (${kept.id}, ${other.id}) and stays.endpoint_id in (${kept.id}, ${other.id})
      and gone.endpoint_id <> stays.endpoint_id
      and (gone.observed_at < stays.observed_at or (gone.observed_at = stays.observed_at and gone.endpoint_id = ${other.id}))`.execute(
    db,
  )
  await sql`update observation set endpoint_id = ${kept.id} where endpoint_id = ${other.id}`.execute(db)
  await sql`update endpoint kept set created_at = least(kept.created_at, other.created_at), probe_at = least(kept.probe_at, other.probe_at)
    from endpoint other where kept.id = ${kept.id} and other.id = ${other.id}`.execute(db)
  await sql`delete from endpoint where id = ${other.id}`.execute(db)
}

/** Found by looking, and again by the next look: the newest is enough. */
async function mendCandidates(db: Db, group: readonly Place[]): Promise<void> {
  const lookup = { table: 'endpoint_candidate', columns: [], bestFirst: sql`observed_at desc, id` } as const
  const [kept, ...others] = await withCanonical<Place>(db, group, lookup)
  const { host, serverName } = placeOf(kept)
  for (const { id } of others) await sql`delete from endpoint_candidate where id = ${id}`.execute(db)
  await sql`update endpoint_candidate set host = ${host}, server_name = ${serverName} where id = ${kept.id}`.execute(db)
}

/** Addresses of targets may be there as often as they like. */
async function mendProbes(db: Db): Promise<void> {
  const { rows } = await sql<{ readonly id: string; readonly host: string; readonly server_name: string }>`
    select id, probe_host as host, probe_server_name as server_name from target where probe_host is not null`.execute(db)
  for (const { id, host, server_name: serverName } of rows) {
    const [wantedHost, wantedName] = [canonical(host), canonical(serverName)]
    if (wantedHost === host && wantedName === serverName) continue
    await sql`update target set probe_host = ${wantedHost}, probe_server_name = ${wantedName} where id = ${id}`.execute(db)
  }
}
