/**
 * Targets: where certificates are installed.
 *
 * @module
 */
import type { EndpointProtocol, TargetView } from '@evercert/contract'
import { canonicalHost, DEFAULT_PORTS } from '@evercert/pki/probe'
import { sql } from 'kysely'
import { writeLater } from '../db/later.ts'
import { recordHistory, transition, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { DeployAdapter } from '../ports/deploy.ts'
import { requireFresh } from './access/fresh.ts'
import { createAgentDesk } from './agents/desk.ts'
import { lockNewestIssued, refuseIfEnded } from './certificate-rows.ts'
import { findAdapter, newId, notFound, parseNewConfig, type Caller, type Services } from './context.ts'
import { learnPlaces, lockPlaces, placesOf, refuseTaken } from './target-places.ts'
import { listTargetViews } from './target-views.ts'
import { refuseUnderWay } from './under-way.ts'
import { wake } from './wake.ts'

export interface NewTarget {
  readonly certificateId: string
  readonly name: string
  readonly kind: string
  readonly config: unknown
  /** Deployed and proved before the certificate's other targets; needs `probe`. */
  readonly canary?: boolean | undefined
  /** Its own address: what is served there is laid at this target's door. */
  readonly probe?: TargetProbe | undefined
}

export interface TargetProbe {
  readonly host: string
  readonly protocol: EndpointProtocol
  /** Default: that of the protocol. */
  readonly port?: number | undefined
  readonly serverName?: string | undefined
}

/** @throws AppError `invalid` */
export function probeColumns({ name, canary = false, probe }: Pick<NewTarget, 'name' | 'canary' | 'probe'>) {
  if (probe === undefined) {
    if (!canary) return { canary, probe_host: null, probe_port: null, probe_server_name: null, probe_protocol: null }
    throw new AppError(
      'invalid',
      `Target ${name}: the others wait for a canary until it is proved, so it needs an address of its own: give probe.`,
    )
  }
  const host = canonicalHost(probe.host)
  const serverName = canonicalHost(probe.serverName ?? probe.host)
  if (host === null || serverName === null) {
    throw new AppError(
      'invalid',
      `Target ${name}: probe.host and probe.serverName must be a DNS name or an address, without port.`,
    )
  }
  const { protocol, port = DEFAULT_PORTS[protocol] } = probe
  return { canary, probe_host: host, probe_port: port, probe_server_name: serverName, probe_protocol: protocol }
}

/**
 * Before a key goes to another place, or to other commands: whoever says where could read it there.
 *
 * @throws AppError `freshAuthenticationNeeded`
 */
export async function requireFreshForKeys(
  services: Services,
  caller: Caller,
  adapter: DeployAdapter,
  config: unknown,
): Promise<void> {
  const getsKeys = adapter.getsKeys?.(config) ?? adapter.hasOwnKeys !== true
  if (getsKeys) await requireFresh(services, caller, 'Saying where a private key goes')
}

/**
 * Adds a target; an issued certificate is deployed to it at once.
 *
 * @throws AppError `notFound`, `invalid`, `misconfigured`, `duplicateName`, `placeTaken`, `freshAuthenticationNeeded`
 */
export async function createTarget(services: Services, caller: Caller, target: NewTarget): Promise<TargetView> {
  const adapter = findAdapter(services.adapters.deploy, target.kind, 'target')
  const config = parseNewConfig(adapter, target.config)
  await requireFreshForKeys(services, caller, adapter, config)
  await adapter.check?.(config, { ...services.kit, agentDesk: createAgentDesk(services, caller.accountId, null) })
  const probe = probeColumns(target)
  const id = newId(services, 'tgt')
  const now = services.now()
  const places = await placesOf(adapter, config, caller.accountId)
  if (places.length > 0) await learnPlaces(services)
  await services.db.transaction().execute(async (trx) => {
    if (places.length > 0) await lockPlaces(trx)
    const certificate = await lockNewestIssued(trx, caller.accountId, target.certificateId)
    if (certificate === null) throw notFound('certificate', target.certificateId)
    refuseIfEnded(certificate)
    await refuseTaken(trx, caller, { what: `Adding target ${target.name}`, targetId: id, places })
    const secretId = await services.vault.seal(trx, {
      purpose: 'targetConfig',
      accountId: caller.accountId,
      plaintext: JSON.stringify(target.config),
      now,
    })
    const result = await trx
      .insertInto('target')
      .values({
        id,
        account_id: caller.accountId,
        certificate_id: certificate.id,
        name: target.name,
        kind: target.kind,
        config_secret_id: secretId,
        places: [...places],
        ...probe,
        created_at: new Date(now),
      })
      .onConflict((conflict) => conflict.columns(['account_id', 'name']).doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) {
      throw new AppError('duplicateName', `Adding target ${target.name}: there is one with this name: choose another.`)
    }
    await recordHistory(trx, {
      accountId: caller.accountId,
      certificateId: certificate.id,
      subject: 'target',
      subjectId: id,
      fromState: null,
      toState: 'added',
      actor: caller.actor,
      detail: target.name,
      now,
    })
    if (certificate.issuanceId === null) return
    await planDeployments(services, trx, {
      accountId: caller.accountId,
      certificateId: certificate.id,
      issuanceId: certificate.issuanceId,
    })
    await wake(services, trx, certificate.id)
  })
  const [view] = await listTargetViews(services, caller, null, id)
  if (view === undefined) throw notFound('target', id)
  return view
}

export interface Delivery {
  readonly accountId: string
  readonly certificateId: string
  readonly issuanceId: string
  /** The server is reloaded also where it has the pair already. */
  readonly reloadAsked?: boolean
}

/** One deployment for each target of the certificate that has none of this issuance. Adding a target makes only that target dirty. */
export async function planDeployments(services: Services, trx: Trx, delivery: Delivery): Promise<void> {
  const targets = await trx
    .selectFrom('target')
    .select('id')
    .where('account_id', '=', delivery.accountId)
    .where('certificate_id', '=', delivery.certificateId)
    // Left to `on conflict`, one that ends at this moment would be waited for, while it waits for the certificate.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('deployment')
            .select('deployment.id')
            .whereRef('deployment.target_id', '=', 'target.id')
            .where('deployment.issuance_id', '=', delivery.issuanceId),
        ),
      ),
    )
    .execute()
  await insertDeployments(
    services,
    trx,
    delivery,
    targets.map(({ id }) => id),
  )
}

/** One for each of the targets that has none of this issuance, and is there. */
export async function insertDeployments(
  services: Services,
  trx: Trx,
  { accountId, certificateId, issuanceId, reloadAsked = false }: Delivery,
  targetIds: readonly string[],
): Promise<void> {
  if (targetIds.length === 0) return
  const now = new Date(services.now())
  const ids = targetIds.map(() => newId(services, 'dep'))
  const planned = sql`
    insert into deployment (id, account_id, target_id, issuance_id, certificate_id, state, log, reload_asked, created_at, updated_at)
    select made.id, target.account_id, target.id, ${issuanceId}, ${certificateId}, 'planned', '[]', ${reloadAsked}, ${now}, ${now}
    from unnest(${ids}::text[], ${targetIds}::text[]) as made (id, target_id)
      join target on target.id = made.target_id and target.account_id = ${accountId}
    on conflict (target_id, issuance_id) do nothing`
  await writeLater(trx, planned.compile(trx))
}

/** Nothing is installed for a certificate that ended before its time. */
function refuseEndedDeployment(
  targetId: string,
  ended: { readonly certificate_id: string; readonly revoked_at: Date | null; readonly closed_as: string | null },
): void {
  const { certificate_id: certificateId, revoked_at: revokedAt, closed_as: closedAs } = ended
  if (revokedAt === null && closedAs === null) return
  const [code, what] = revokedAt === null ? (['alreadyEnded', 'closed'] as const) : (['certificateRevoked', 'revoked'] as const)
  throw new AppError(
    code,
    `Deploying to ${targetId} again: its certificate ${certificateId} is ${what}: buy or upload another one, and add its target for the same place; this target can be removed.`,
    { facts: { certificateId } },
  )
}

/**
 * Plans a deployment anew after its cause was mended, with a reload also where the files hold the pair already. One that is planned, looked at or
 * proved stays as it is.
 *
 * @throws AppError `notFound`, `certificateRevoked`, `alreadyEnded`, `conflict` when the target has no deployment of the current certificate
 */
export async function deployAgain(services: Services, caller: Caller, targetId: string): Promise<TargetView> {
  const row = await services.db
    .selectFrom('target')
    .innerJoin('certificate', 'certificate.id', 'target.certificate_id')
    .leftJoin('deployment', (join) =>
      join.onRef('deployment.target_id', '=', 'target.id').onRef('deployment.issuance_id', '=', 'certificate.issuance_id'),
    )
    .select([
      'certificate.revoked_at',
      'certificate.closed_as',
      'target.certificate_id',
      'certificate.issuance_id',
      'deployment.id',
      'deployment.state',
    ])
    .where('target.account_id', '=', caller.accountId)
    .where('target.id', '=', targetId)
    .executeTakeFirst()
  if (row === undefined) throw notFound('target', targetId)
  const { certificate_id: certificateId, issuance_id: issuanceId, id, state } = row
  refuseEndedDeployment(targetId, row)
  if (id === null || state === null || issuanceId === null) {
    throw new AppError(
      'conflict',
      `Deploying to ${targetId} again: its certificate is not issued yet: there is nothing to deploy.`,
    )
  }
  await services.db.transaction().execute(async (trx) => {
    if (state === 'failed' || state === 'rolledBack') {
      const facts = { accountId: caller.accountId, certificateId, actor: caller.actor, now: services.now() }
      await transition(trx, {
        ...facts,
        subject: 'deployment',
        id,
        from: state,
        to: 'planned',
        set: {
          problem: null,
          problem_code: null,
          retry_at: null,
          log: sql`'[]'::jsonb`,
          baseline: null,
          restore_reason: null,
          check_at: null,
          check_until: null,
          check_tries: 0,
          // What was taken back is nobody's doing any more.
          ...(state === 'rolledBack' && { changed: null, held_sha256: null, held_at: null }),
        },
      })
    }
    if (state === 'applied') await replaceApplied(services, trx, { accountId: caller.accountId, certificateId, issuanceId }, id)
    await trx.updateTable('certificate').set({ probe_due_at: null }).where('id', '=', certificateId).execute()
    await wake(services, trx, certificateId)
  })
  const [view] = await listTargetViews(services, caller, certificateId, targetId)
  if (view === undefined) throw notFound('target', targetId)
  return view
}

/** A new one in its place, unless it is still looked at, taken back or touched: whoever works on the old one finds it gone. */
async function replaceApplied(services: Services, trx: Trx, delivery: Delivery, id: string): Promise<void> {
  const gone = await trx
    .deleteFrom('deployment')
    .where('id', '=', id)
    .where('account_id', '=', delivery.accountId)
    .where('state', '=', 'applied')
    .where('check_at', 'is', null)
    .where('restore_reason', 'is', null)
    .where('begun_at', 'is', null)
    .returning('target_id')
    .executeTakeFirst()
  if (gone !== undefined) await insertDeployments(services, trx, { ...delivery, reloadAsked: true }, [gone.target_id])
}

/** Forgets a target with its deployments; the files there stay as they are. @throws AppError `notFound`, `deploymentUnderWay` */
export async function removeTarget(services: Services, caller: Caller, id: string): Promise<{ id: string }> {
  await services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('target')
      .select(['certificate_id', 'name', 'config_secret_id'])
      .where('account_id', '=', caller.accountId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) throw notFound('target', id)
    await refuseUnderWay(
      trx,
      caller.accountId,
      { id, name: row.name },
      { what: `Deleting target ${row.name}`, now: services.now() },
    )
    await trx.deleteFrom('deployment').where('account_id', '=', caller.accountId).where('target_id', '=', id).execute()
    await trx.deleteFrom('target').where('account_id', '=', caller.accountId).where('id', '=', id).execute()
    await trx.deleteFrom('secret').where('id', '=', row.config_secret_id).execute()
    await recordHistory(trx, {
      accountId: caller.accountId,
      certificateId: row.certificate_id,
      subject: 'target',
      subjectId: id,
      fromState: null,
      toState: 'removed',
      actor: caller.actor,
      detail: row.name,
      now: services.now(),
    })
  })
  return { id }
}
