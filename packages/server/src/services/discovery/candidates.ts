/**
 * Candidates: sites that were found and are no endpoints yet.
 *
 * @module
 */
import { sql, type Selectable } from 'kysely'
import type { KeyKind } from '@evercert/pki/probe'
import type { CandidateView, EndpointProtocol, EndpointView } from '@evercert/contract'
import type { CandidateAddress, EndpointCandidateTable } from '../../db/proof-tables.ts'
import { OF_ANY_KIND } from '../../db/endpoint-siblings.ts'
import { AppError } from '../../domain/errors.ts'
import { newId, notFound, type Caller, type Services } from '../context.ts'
import { createEndpoint } from '../endpoints.ts'

/** Of one account; the oldest make room. */
const MAX_KEPT = 10_000

export interface FoundSite {
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly protocol: EndpointProtocol
  readonly addresses: readonly CandidateAddress[]
  readonly certificateId: string | null
  readonly matchedBy: 'sha256' | 'names' | null
  /** Of the certificate that is served there and is this account's; null: none is. */
  readonly keyKind: KeyKind | null
}

type Row = Omit<Selectable<EndpointCandidateTable>, 'account_id'>

/**
 * Those that are endpoints already are left out, unless a certificate of the account is served there that has no endpoint and is for another kind of key; one that was found before is as it was seen now.
 */
export async function storeCandidates(services: Services, caller: Caller, found: readonly FoundSite[]): Promise<CandidateView[]> {
  if (found.length === 0) return []
  const rows = JSON.stringify(
    found.map((site) => ({
      id: newId(services, 'cnd'),
      host: site.host,
      port: site.port,
      server_name: site.serverName,
      protocol: site.protocol,
      addresses: site.addresses,
      certificate_id: site.certificateId,
      matched_by: site.matchedBy,
      key_kind: site.keyKind,
    })),
  )
  const now = new Date(services.now())
  return services.db.transaction().execute(async (trx) => {
    const stored = await sql<Row>`
      insert into endpoint_candidate (id, account_id, host, port, server_name, protocol, addresses, certificate_id, matched_by, observed_at)
      select s.id, ${caller.accountId}, s.host, s.port, s.server_name, s.protocol, s.addresses, s.certificate_id, s.matched_by, ${now}::timestamptz
      from jsonb_to_recordset(${rows}::jsonb) as s (id text, host text, port int, server_name text, protocol text, addresses jsonb,
        certificate_id text, matched_by text, key_kind text)
      where not exists (select 1 from endpoint e where e.account_id = ${caller.accountId} and e.host = s.host and e.port = s.port
        and e.server_name = s.server_name and ${OF_ANY_KIND} and (e.key_kind is null or coalesce(s.key_kind not in ('rsa', 'ecdsa')
          or e.key_kind = s.key_kind, true)))
      on conflict (account_id, host, port, server_name) do update set protocol = excluded.protocol, addresses = excluded.addresses,
        certificate_id = excluded.certificate_id, matched_by = excluded.matched_by, observed_at = excluded.observed_at
      returning id, host, port, server_name, protocol, addresses, certificate_id, matched_by, observed_at`.execute(trx)
    await sql`delete from endpoint_candidate where account_id = ${caller.accountId} and id in (select id from endpoint_candidate
      where account_id = ${caller.accountId} order by observed_at desc, id offset ${MAX_KEPT})`.execute(trx)
    return stored.rows.map(toView)
  })
}

export async function listCandidates(
  services: Services,
  caller: Caller,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: CandidateView[]; nextCursor: string | null }> {
  let query = services.db
    .selectFrom('endpoint_candidate')
    .select(['id', 'host', 'port', 'server_name', 'protocol', 'addresses', 'certificate_id', 'matched_by', 'observed_at'])
    .where('account_id', '=', caller.accountId)
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (cursor !== undefined) query = query.where('id', '<', cursor)
  const rows = await query.execute()
  const shown = rows.slice(0, limit)
  return { items: shown.map(toView), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null }
}

/**
 * The endpoint is made first: when this ends in between, the candidate is still there and is refused as one that is an endpoint already.
 *
 * @throws AppError `notFound`, `invalid` when no certificate is known for it, `duplicateName`
 */
export async function acceptCandidate(
  services: Services,
  caller: Caller,
  wish: { readonly id: string; readonly certificateId?: string | undefined },
): Promise<EndpointView> {
  const row = await services.db
    .selectFrom('endpoint_candidate')
    .select(['host', 'port', 'server_name', 'protocol', 'certificate_id'])
    .where('account_id', '=', caller.accountId)
    .where('id', '=', wish.id)
    .executeTakeFirst()
  if (row === undefined) throw notFound('endpoint candidate', wish.id)
  const certificateId = wish.certificateId ?? row.certificate_id
  if (certificateId === null) {
    throw new AppError(
      'invalid',
      `Accepting ${row.host}:${row.port}: no certificate of this account fits it: name one with certificateId.`,
    )
  }
  const { host, port, protocol, server_name: serverName } = row
  const endpoint = await createEndpoint(services, caller, { certificateId, host, port, protocol, serverName })
  await dismissCandidate(services, caller, wish.id)
  return endpoint
}

/** @throws AppError `notFound` */
export async function dismissCandidate(services: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const result = await services.db
    .deleteFrom('endpoint_candidate')
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (result.numDeletedRows !== 1n) throw notFound('endpoint candidate', id)
  return { id }
}

function toView(row: Row): CandidateView {
  return {
    id: row.id,
    host: row.host,
    port: row.port,
    serverName: row.server_name,
    protocol: row.protocol,
    addresses: row.addresses.map((address) => ({ ...address, names: [...address.names] })),
    certificateId: row.certificate_id,
    matchedBy: row.matched_by,
    observedAt: row.observed_at.toISOString(),
  }
}
