/**
 * Endpoints by the thousand: what a map of them shows, and nothing more.
 *
 * @module
 */
import { sql } from 'kysely'
import type { EndpointCell, EndpointView } from '@evercert/contract'
import { notFound, type Caller, type Services } from './context.ts'
import { listEndpointViews } from './endpoints.ts'

const MAX_CELLS = 20_000

/**
 * By host and port. What was seen before the certificate was renewed was right then, and is the previous one now, until it is probed again.
 * `all` counts those too that are left out.
 */
export async function mapEndpoints(
  services: Services,
  caller: Caller,
): Promise<{ readonly items: EndpointCell[]; readonly nextCursor: null; readonly all: number }> {
  const { rows } = await sql<EndpointCell & { readonly probed_at: Date | null; readonly all: number }>`
    with named as (
      select certificate_id, array_agg(name order by name) as targets from target where account_id = ${caller.accountId} group by certificate_id
    )
    select e.id, e.certificate_id as "certificateId", e.host, e.port, e.server_name as "serverName", e.protocol, e.key_kind as "keyKind", e.probed_at,
      case when e.verdict = 'served' and exists (select from observation o where o.endpoint_id = e.id and o.account_id = e.account_id
        and o.verdict = 'served' and o.certificate_id <> e.certificate_id) then 'oldCertificate' else e.verdict end as verdict,
      coalesce(n.targets, '{}') as targets, count(*) over ()::int as all
    from endpoint e left join named n on n.certificate_id = e.certificate_id
    where e.account_id = ${caller.accountId} order by e.host, e.port, e.id limit ${MAX_CELLS}`.execute(services.db)
  const items = rows.map(({ probed_at: probedAt, all: _all, ...cell }) => ({
    ...cell,
    probedAt: probedAt?.toISOString() ?? null,
  }))
  return { items, nextCursor: null, all: rows[0]?.all ?? 0 }
}

/** @throws AppError `notFound` */
export async function loadEndpointView(services: Services, caller: Caller, id: string): Promise<EndpointView> {
  const [view] = await listEndpointViews(services, caller, null, id)
  if (view === undefined) throw notFound('endpoint', id)
  return view
}
