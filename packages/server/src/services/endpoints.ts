/**
 * Endpoints: what clients connect to, and the latest proof of each of their addresses.
 *
 * @module
 */
import { verdict as verdictSchema, type EndpointProtocol, type EndpointView } from '@evercert/contract'
import { canonicalHost, DEFAULT_PORTS } from '@evercert/pki/probe'
import type { Selectable } from 'kysely'
import type { Db } from '../db/connect.ts'
import type { ObservationTable } from '../db/proof-tables.ts'
import { recordHistory } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { seenBy } from './access/narrowing.ts'
import { lockNewestIssued, refuseIfEnded } from './certificate-rows.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'
import { wake } from './wake.ts'

export interface NewEndpoint {
  readonly certificateId: string
  readonly host: string
  readonly protocol: EndpointProtocol
  /** Default: that of the protocol. */
  readonly port?: number | undefined
  readonly serverName?: string | undefined
}

/** Adds an endpoint and proves it. @throws AppError `notFound`, `invalid`, `duplicateName` */
export async function createEndpoint(services: Services, caller: Caller, endpoint: NewEndpoint): Promise<EndpointView> {
  const host = canonicalHost(endpoint.host)
  const serverName = canonicalHost(endpoint.serverName ?? endpoint.host)
  if (host === null || serverName === null) {
    throw new AppError(
      'invalid',
      `Adding endpoint ${endpoint.host}: host and serverName must be a DNS name or an address, without port.`,
    )
  }
  const port = endpoint.port ?? DEFAULT_PORTS[endpoint.protocol]
  const id = newId(services, 'end')
  await services.db.transaction().execute(async (trx) => {
    const certificate = await lockNewestIssued(trx, caller.accountId, endpoint.certificateId)
    if (certificate === null) throw notFound('certificate', endpoint.certificateId)
    refuseIfEnded(certificate)
    const result = await trx
      .insertInto('endpoint')
      .values({
        id,
        account_id: caller.accountId,
        certificate_id: certificate.id,
        host,
        port,
        server_name: serverName,
        protocol: endpoint.protocol,
        probe_at: new Date(services.now() + services.probing.intervalMs), // its proof comes first, and sets the next time
        created_at: new Date(services.now()),
      })
      .onConflict((conflict) => conflict.columns(['account_id', 'host', 'port', 'server_name']).doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) {
      throw new AppError('duplicateName', `Adding endpoint ${host}:${port}: it is here already.`)
    }
    await recordHistory(trx, {
      accountId: caller.accountId,
      certificateId: certificate.id,
      subject: 'endpoint',
      subjectId: id,
      fromState: null,
      toState: 'added',
      actor: caller.actor,
      detail: `${host}:${port}`,
      now: services.now(),
    })
    await trx
      .updateTable('certificate')
      .set({ served_at: null, probe_due_at: null, probe_failures: 0 })
      .where('id', '=', certificate.id)
      .execute()
    await wake(services, trx, certificate.id)
  })
  const [view] = await listEndpointViews(services, caller, null, id)
  if (view === undefined) throw notFound('endpoint', id)
  return view
}

/** Endpoints with their observations, of one certificate or of all. */
export async function listEndpointViews(
  services: { readonly db: Db },
  caller: Caller,
  certificateId: string | null,
  endpointId: string | null = null,
): Promise<EndpointView[]> {
  let query = services.db
    .selectFrom('endpoint')
    .select(['id', 'certificate_id', 'host', 'port', 'server_name', 'protocol', 'verdict'])
    .select(['probed_at', 'probe_at', 'proved_at', 'strayed_at'])
    .where('account_id', '=', caller.accountId)
    .where(seenBy(caller, 'certificate_id'))
    .orderBy('id')
    .limit(1000)
  if (certificateId !== null) query = query.where('certificate_id', '=', certificateId)
  if (endpointId !== null) query = query.where('id', '=', endpointId)
  const endpoints = await query.execute()
  if (endpoints.length === 0) return []
  const observations = await services.db
    .selectFrom('observation')
    .select([
      'endpoint_id',
      'certificate_id',
      'address',
      'verdict',
      'sha256',
      'chain_sha256',
      'not_before',
      'not_after',
      'cause',
      'remedy',
      'observed_at',
      'key_kind',
      'other',
    ])
    .where('account_id', '=', caller.accountId)
    .where(
      'endpoint_id',
      'in',
      endpoints.map(({ id }) => id),
    )
    .orderBy('address')
    .execute()
  const byEndpoint = Map.groupBy(observations, (observation) => observation.endpoint_id)
  return endpoints.map((endpoint) => {
    const seen = (byEndpoint.get(endpoint.id) ?? []).flatMap((row) => toObservationViews(row, endpoint))
    const isEarlier = endpoint.verdict === 'served' && seen.some(({ verdict }) => verdict === 'oldCertificate')
    return {
      id: endpoint.id,
      certificateId: endpoint.certificate_id,
      host: endpoint.host,
      port: endpoint.port,
      serverName: endpoint.server_name,
      protocol: endpoint.protocol,
      verdict: isEarlier ? ('oldCertificate' as const) : endpoint.verdict,
      probedAt: endpoint.probed_at?.toISOString() ?? null,
      nextProbeAt: endpoint.probe_at?.toISOString() ?? null,
      provedAt: endpoint.proved_at?.toISOString() ?? null,
      strayedAt: endpoint.strayed_at?.toISOString() ?? null,
      observations: seen,
    }
  })
}

type ObservationRow = Omit<Selectable<ObservationTable>, 'account_id'>
type Observations = EndpointView['observations']

interface Place {
  readonly certificate_id: string
  readonly host: string
  readonly port: number
}

/** Two for an address that has a certificate for each kind of key. */
function toObservationViews(row: ObservationRow, place: Place): Observations {
  const common = { address: row.address, observedAt: row.observed_at.toISOString() }
  const first = {
    ...common,
    verdict: verdictSchema.parse(row.verdict),
    keyKind: row.key_kind,
    sha256: row.sha256,
    chainSha256: row.chain_sha256,
    notBefore: row.not_before?.toISOString() ?? null,
    notAfter: row.not_after?.toISOString() ?? null,
    cause: { ...row.cause },
    remedy: { ...row.remedy },
  }
  const views = row.other === null ? [first] : [first, { ...common, ...row.other, chainSha256: [...row.other.chainSha256] }]
  return row.certificate_id === place.certificate_id ? views : views.map((view) => asEarlier(view, place))
}

/** Seen before the certificate was renewed: it was right then, and is the previous one now. */
function asEarlier(view: Observations[number], { host, port }: Place): Observations[number] {
  if (view.verdict !== 'served') return view
  return {
    ...view,
    verdict: 'oldCertificate',
    cause: {
      en: `${host}:${port} served the previous certificate when it was last probed, at ${view.address}.`,
      zh: `上次探测时，${host}:${port}（${view.address}）仍在使用旧证书。`,
    },
    remedy: {
      en: 'It is probed again once the new one is installed.',
      zh: '新证书安装后将再次探测。',
    },
  }
}

/** Forgets an endpoint; what remains is proved anew, and a renewal that waited for this one alone goes on. @throws AppError `notFound` */
export async function removeEndpoint(services: Services, caller: Caller, id: string): Promise<{ id: string }> {
  await services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('endpoint')
      .select(['certificate_id', 'host', 'port'])
      .where('account_id', '=', caller.accountId)
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) throw notFound('endpoint', id)
    await lockNewestIssued(trx, caller.accountId, row.certificate_id)
    await trx.deleteFrom('observation').where('account_id', '=', caller.accountId).where('endpoint_id', '=', id).execute()
    await trx.deleteFrom('endpoint').where('account_id', '=', caller.accountId).where('id', '=', id).execute()
    await recordHistory(trx, {
      accountId: caller.accountId,
      certificateId: row.certificate_id,
      subject: 'endpoint',
      subjectId: id,
      fromState: null,
      toState: 'removed',
      actor: caller.actor,
      detail: `${row.host}:${row.port}`,
      now: services.now(),
    })
    await trx.updateTable('certificate').set({ probe_due_at: null }).where('id', '=', row.certificate_id).execute()
    await wake(services, trx, row.certificate_id)
  })
  return { id }
}
