/**
 * Endpoints: what clients connect to, and the latest proof of each of their addresses.
 *
 * @module
 */
import { verdict as verdictSchema, type EndpointProtocol, type EndpointView } from '@evercert/contract'
import { canonicalHost, DEFAULT_PORTS, type SiteKeyKind } from '@evercert/pki/probe'
import { sql, type Selectable } from 'kysely'
import type { Db } from '../db/connect.ts'
import type { ObservationTable } from '../db/proof-tables.ts'
import { OF_ANY_KIND } from '../db/endpoint-siblings.ts'
import { recordHistory, type Trx } from '../db/transition.ts'
import { readSiteKeyKind } from '../domain/endpoint/site-key-kind.ts'
import { AppError } from '../domain/errors.ts'
import { seenBy } from './access/narrowing.ts'
import { lockNewestIssued, refuseIfEnded, type NewestIssued } from './certificate-rows.ts'
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
  const place = { accountId: caller.accountId, host, port, serverName }
  await services.db.transaction().execute(async (trx) => {
    const certificate = await lockNewestIssued(trx, caller.accountId, endpoint.certificateId)
    if (certificate === null) throw notFound('certificate', endpoint.certificateId)
    refuseIfEnded(certificate)
    const keyKind = await keyKindOf(trx, certificate)
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
        key_kind: keyKind,
        probe_at: new Date(services.now() + services.probing.intervalMs), // its proof comes first, and sets the next time
        created_at: new Date(services.now()),
      })
      .onConflict((conflict) => conflict.doNothing()) // either kind of key, or both
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) throw await placeHeld(trx, { ...place, certificateId: certificate.id, keyKind })
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
  await lookBeside(services, place, id)
  const [view] = await listEndpointViews(services, caller, null, id)
  if (view === undefined) throw notFound('endpoint', id)
  return view
}

async function keyKindOf(trx: Trx, { issuanceId }: NewestIssued): Promise<SiteKeyKind | null> {
  if (issuanceId === null) return null
  const row = await trx.selectFrom('issuance').select('chain_pem').where('id', '=', issuanceId).executeTakeFirst()
  return row === undefined ? null : readSiteKeyKind(row.chain_pem)
}

interface EndpointPlace {
  readonly accountId: string
  readonly host: string
  readonly port: number
  readonly serverName: string
}

function isAt({ accountId, host, port, serverName }: EndpointPlace) {
  return sql<boolean>`e.account_id = ${accountId} and e.host = ${host} and e.port = ${port} and e.server_name = ${serverName} and ${OF_ANY_KIND}`
}

const NO_KIND = 'is not issued yet or has another kind of key'
const KIND_NAMES = { rsa: 'an RSA key', ecdsa: 'an ECDSA key' } as const

/** Two certificates may have a place, if one has an RSA key and the other an ECDSA key. */
async function placeHeld(
  trx: Trx,
  { certificateId, keyKind, ...place }: EndpointPlace & { readonly certificateId: string; readonly keyKind: SiteKeyKind | null },
): Promise<AppError> {
  const holders = await trx.selectFrom('endpoint as e').select(['certificate_id', 'key_kind']).where(isAt(place)).execute()
  const what = `Adding endpoint ${place.host}:${place.port}: it is here already`
  const isOwn = holders.some((holder) => holder.certificate_id === certificateId)
  if (isOwn || holders.length === 0) return new AppError('duplicateName', `${what}.`)
  const isUnknown = holders.some((holder) => holder.key_kind === null)
  const told = isUnknown ? `, which ${NO_KIND}` : keyKind === null ? `, and this one ${NO_KIND}` : ` with ${KIND_NAMES[keyKind]}`
  return new AppError(
    'duplicateName',
    `${what}, for another certificate${told}: one with an RSA key and one with an ECDSA key can have it.`,
  )
}

/** What the other certificate's endpoint saw of this one is its matter no longer. */
async function lookBeside({ db, now }: Services, place: EndpointPlace, id: string): Promise<void> {
  const soon = new Date(now())
  await db
    .updateTable('endpoint as e')
    .set({ probe_at: soon })
    .where(isAt(place))
    .where('id', '<>', id)
    .where('probe_at', '>', soon)
    .execute()
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
    .select(['id', 'certificate_id', 'host', 'port', 'server_name', 'protocol', 'verdict', 'key_kind'])
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
      keyKind: endpoint.key_kind,
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
