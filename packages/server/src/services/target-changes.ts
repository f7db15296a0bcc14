/**
 * What an operator changes of a target. Its kind and its certificate stay.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { EndpointProtocol, TargetDetail } from '@evercert/contract'
import { recordHistory, type Trx } from '../db/transition.ts'
import { violatedIndex } from '../db/later.ts'
import { AppError } from '../domain/errors.ts'
import { createAgentDesk } from './agents/desk.ts'
import { findAdapter, notFound, parseNewConfig, type Caller, type Services } from './context.ts'
import { withKeptSecrets, withoutSecrets } from './secret-settings.ts'
import { learnPlaces, lockPlaces, placesOf, refuseTaken } from './target-places.ts'
import { listTargetViews } from './target-views.ts'
import { planDeployments, probeColumns, requireFreshForKeys, type NewTarget } from './targets.ts'
import { refuseUnderWay } from './under-way.ts'
import { wake } from './wake.ts'

export interface TargetChange {
  readonly name?: string | undefined
  /** All settings anew, except for secrets that are left out: those stay. */
  readonly config?: Record<string, unknown> | undefined
  readonly canary?: boolean | undefined
  /** Null: it has no address of its own any more. */
  readonly probe?: NewTarget['probe'] | null
}

/** With its settings, without their secrets. @throws AppError `notFound` */
export async function loadTarget(services: Services, caller: Caller, id: string): Promise<TargetDetail> {
  const { vault, db } = services
  const row = await db
    .selectFrom('target')
    .select(['kind', 'config_secret_id'])
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  const [view] = await listTargetViews(services, caller, null, id)
  if (row === undefined || view === undefined) throw notFound('target', id)
  const raw: unknown = JSON.parse(await vault.open(db, row.config_secret_id, 'targetConfig'))
  const { config, secretsSet } = withoutSecrets(findAdapter(services.adapters.deploy, row.kind, 'target').config, raw)
  return { ...view, config, secretsSet: [...secretsSet] }
}

/**
 * Other settings, or another address of its own, make this target dirty and no other: the current certificate is deployed there anew, which changes
 * nothing where it is already.
 *
 * @throws AppError `notFound`, `invalid`, `duplicateName`, `placeTaken`, `deploymentUnderWay` for other settings or another address meanwhile,
 * `freshAuthenticationNeeded` for other settings of a target that gets keys
 */
export async function updateTarget(services: Services, caller: Caller, id: string, change: TargetChange): Promise<TargetDetail> {
  if (change.config !== undefined) await learnPlaces(services)
  const work = services.db.transaction().execute((trx) => applyChange(services, trx, caller, id, change))
  await work.catch((error: unknown) => {
    if (violatedIndex(error) === null) throw error
    throw new AppError('duplicateName', `Changing target ${id}: there is one with the name ${change.name ?? ''}: choose another.`)
  })
  return loadTarget(services, caller, id)
}

async function applyChange(services: Services, trx: Trx, caller: Caller, id: string, change: TargetChange): Promise<void> {
  const { accountId } = caller
  if (change.config !== undefined) await lockPlaces(trx)
  const target = await lockTarget(trx, accountId, id)
  const { config } = change
  const name = change.name ?? target.name
  const site = changedSite(target, change)
  const sealed = config === undefined ? null : await sealSettings(services, trx, caller, target, config)
  // The old place, and what was seen before, would be forgotten with what is under way there. What is wrong with the settings themselves is said first.
  const isDirty = sealed !== null || isElsewhere(site, target)
  if (isDirty) await refuseUnderWay(trx, accountId, target, { what: `Changing target ${target.name}`, now: services.now() })
  await trx
    .updateTable('target')
    .set({ name, ...site, ...sealed })
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .execute()
  if (sealed !== null) await trx.deleteFrom('secret').where('id', '=', target.config_secret_id).execute()
  const told = isDirty ? 'the certificate is deployed there anew' : 'nothing is deployed'
  await recordHistory(trx, {
    accountId,
    certificateId: target.certificate_id,
    subject: 'target',
    subjectId: id,
    fromState: null,
    toState: 'changed',
    actor: caller.actor,
    detail: `${name}: ${told}`,
    now: services.now(),
  })
  if (isDirty) await deployAnew(services, trx, { accountId, target, reloadAsked: sealed !== null })
}

type ProbeColumns = Pick<LockedTarget, 'probe_host' | 'probe_port' | 'probe_server_name' | 'probe_protocol'>

/** @throws AppError `invalid` */
function changedSite(target: LockedTarget, { name = target.name, canary = target.canary, probe }: TargetChange) {
  return probeColumns({ name, canary, probe: probe === undefined ? siteOf(target) : (probe ?? undefined) })
}

function isElsewhere(site: ProbeColumns, before: ProbeColumns): boolean {
  const isSamePlace = site.probe_host === before.probe_host && site.probe_port === before.probe_port
  const isAskedAlike = site.probe_server_name === before.probe_server_name && site.probe_protocol === before.probe_protocol
  return !isSamePlace || !isAskedAlike
}

interface LockedTarget {
  readonly id: string
  readonly certificate_id: string
  readonly issuance_id: string | null
  readonly name: string
  readonly kind: string
  readonly canary: boolean
  readonly config_secret_id: string
  readonly places: readonly string[] | null
  readonly probe_host: string | null
  readonly probe_port: number | null
  readonly probe_server_name: string | null
  readonly probe_protocol: EndpointProtocol | null
}

async function lockTarget(trx: Trx, accountId: string, id: string): Promise<LockedTarget> {
  const row = await trx
    .selectFrom('target')
    .innerJoin('certificate', 'certificate.id', 'target.certificate_id')
    .select([
      'target.id',
      'target.certificate_id',
      'certificate.issuance_id',
      'target.name',
      'target.kind',
      'target.canary',
      'target.config_secret_id',
      'target.places',
      'target.probe_host',
      'target.probe_port',
      'target.probe_server_name',
      'target.probe_protocol',
    ])
    .where('target.account_id', '=', accountId)
    .where('target.id', '=', id)
    .forUpdate('target')
    .executeTakeFirst()
  if (row === undefined) throw notFound('target', id)
  return row
}

function siteOf({ probe_host: host, probe_port: port, probe_server_name: serverName, ...row }: LockedTarget): NewTarget['probe'] {
  if (host === null || port === null || serverName === null) return undefined
  return { host, port, serverName, protocol: row.probe_protocol ?? 'tls' }
}

async function sealSettings(
  services: Services,
  trx: Trx,
  caller: Caller,
  target: LockedTarget,
  wanted: Record<string, unknown>,
): Promise<{ readonly config_secret_id: string; readonly places: string[] }> {
  const adapter = findAdapter(services.adapters.deploy, target.kind, 'target')
  const old: unknown = JSON.parse(await services.vault.open(trx, target.config_secret_id, 'targetConfig'))
  const settings = withKeptSecrets(adapter.config, wanted, old)
  const config = parseNewConfig(adapter, settings)
  if (!isDeepStrictEqual(settings, old)) await requireFreshForKeys({ ...services, db: trx }, caller, adapter, config)
  await adapter.check?.(config, { ...services.kit, agentDesk: createAgentDesk({ ...services, db: trx }, caller.accountId, null) })
  const { accountId } = caller
  const places = [...(await placesOf(adapter, config, accountId))]
  // What it has already stays its own, also when it was shared before anybody looked.
  const added = places.filter((place) => target.places?.includes(place) !== true)
  await refuseTaken(trx, caller, { what: `Changing target ${target.name}`, targetId: target.id, places: added })
  const secretId = await services.vault.seal(trx, {
    purpose: 'targetConfig',
    accountId,
    plaintext: JSON.stringify(settings),
    now: services.now(),
  })
  return { config_secret_id: secretId, places }
}

/**
 * A new deployment in place of that of the current certificate: whoever works on the old one finds it gone, and records nothing of the old place
 * as if it were the new.
 */
async function deployAnew(
  services: Services,
  trx: Trx,
  {
    accountId,
    target,
    reloadAsked,
  }: { readonly accountId: string; readonly target: LockedTarget; readonly reloadAsked: boolean },
): Promise<void> {
  const { id, certificate_id: certificateId, issuance_id: issuanceId } = target
  if (issuanceId === null) return
  await trx
    .deleteFrom('deployment')
    .where('account_id', '=', accountId)
    .where('target_id', '=', id)
    .where('issuance_id', '=', issuanceId)
    .execute()
  await planDeployments(services, trx, { accountId, certificateId, issuanceId, reloadAsked })
  await trx.updateTable('certificate').set({ probe_due_at: null }).where('id', '=', certificateId).execute()
  await wake(services, trx, certificateId)
}
