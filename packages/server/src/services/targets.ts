/**
 * Targets: where certificates are installed.
 *
 * @module
 */
import type { TargetView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { findAdapter, newId, notFound, parseConfig, type Caller, type Services } from './context.ts'
import { wake } from './wake.ts'

export interface NewTarget {
  readonly certificateId: string
  readonly name: string
  readonly kind: string
  readonly config: unknown
}

/** Adds a target; an issued certificate is deployed to it at once. @throws AppError `notFound`, `invalid`, `misconfigured`, `duplicateName` */
export async function createTarget(services: Services, caller: Caller, target: NewTarget): Promise<TargetView> {
  const adapter = findAdapter(services.adapters.deploy, target.kind, 'target')
  parseConfig(adapter, target.config)
  const id = newId(services, 'tgt')
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    const certificate = await trx
      .selectFrom('certificate')
      .select(['id', 'issuance_id'])
      .where('account_id', '=', caller.accountId)
      .where('id', '=', target.certificateId)
      .executeTakeFirst()
    if (certificate === undefined) throw notFound('certificate', target.certificateId)
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
        created_at: new Date(now),
      })
      .onConflict((conflict) => conflict.columns(['account_id', 'name']).doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) {
      throw new AppError('duplicateName', `Adding target ${target.name}: there is one with this name: choose another.`)
    }
    if (certificate.issuance_id === null) return
    await planDeployments(services, trx, {
      accountId: caller.accountId,
      certificateId: certificate.id,
      issuanceId: certificate.issuance_id,
    })
    await wake(services, trx, certificate.id)
  })
  const [view] = await listTargetViews(services, caller, target.certificateId, id)
  if (view === undefined) throw notFound('target', id)
  return view
}

/** One deployment for each target of the certificate that has none of this issuance. Adding a target makes only that target dirty. */
export async function planDeployments(
  services: Services,
  trx: Trx,
  {
    accountId,
    certificateId,
    issuanceId,
  }: { readonly accountId: string; readonly certificateId: string; readonly issuanceId: string },
): Promise<void> {
  const targets = await trx
    .selectFrom('target')
    .select('id')
    .where('account_id', '=', accountId)
    .where('certificate_id', '=', certificateId)
    .execute()
  if (targets.length === 0) return
  const now = new Date(services.now())
  await trx
    .insertInto('deployment')
    .values(
      targets.map((target) => ({
        id: newId(services, 'dep'),
        account_id: accountId,
        target_id: target.id,
        issuance_id: issuanceId,
        certificate_id: certificateId,
        state: 'planned' as const,
        log: '[]',
        problem: null,
        retry_at: null,
        created_at: now,
        updated_at: now,
      })),
    )
    .onConflict((conflict) => conflict.columns(['target_id', 'issuance_id']).doNothing())
    .execute()
}

/** Targets with their latest deployment, of one certificate or of all. */
export async function listTargetViews(
  services: { readonly db: Db },
  caller: Caller,
  certificateId: string | null,
  targetId: string | null = null,
): Promise<TargetView[]> {
  let query = services.db
    .selectFrom('target')
    .leftJoin('deployment', (join) =>
      join.onRef('deployment.target_id', '=', 'target.id').on('deployment.id', '=', (latest) =>
        latest
          .selectFrom('deployment as newer')
          .select((builder) => builder.fn.max('newer.id').as('id'))
          .whereRef('newer.target_id', '=', 'target.id'),
      ),
    )
    .leftJoin('issuance', 'issuance.id', 'deployment.issuance_id')
    .select([
      'target.id',
      'target.certificate_id',
      'target.name',
      'target.kind',
      'deployment.id as deployment_id',
      'deployment.state',
      'deployment.log',
      'deployment.problem',
      'deployment.updated_at',
      'issuance.sha256',
    ])
    .where('target.account_id', '=', caller.accountId)
    .orderBy('target.id')
    .limit(1000)
  if (certificateId !== null) query = query.where('target.certificate_id', '=', certificateId)
  if (targetId !== null) query = query.where('target.id', '=', targetId)
  const rows = await query.execute()
  return rows.map((row) => ({
    id: row.id,
    certificateId: row.certificate_id,
    name: row.name,
    kind: row.kind,
    deployment:
      row.deployment_id === null || row.sha256 === null || row.state === null || row.updated_at === null
        ? null
        : {
            id: row.deployment_id,
            issuanceSha256: row.sha256,
            state: row.state,
            log: [...(row.log ?? [])],
            problem: row.problem,
            updatedAt: row.updated_at.toISOString(),
          },
  }))
}
