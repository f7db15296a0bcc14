/**
 * Installing one issuance on its targets.
 *
 * @module
 */
import { sql } from 'kysely'
import { transition } from '../../db/transition.ts'
import { backoffMs } from '../../domain/backoff.ts'
import type { DeploymentState } from '../../domain/deployment/deployment-machine.ts'
import { AppError } from '../../domain/errors.ts'
import type { DeployEvidence } from '../../ports/deploy.ts'
import { EVERCERT_ACTOR, findAdapter, parseConfig, type Services } from '../context.ts'
import { planNotice, type HappenedNotice } from '../notices/plan.ts'
import { changed, type Work } from './facts.ts'

interface DeploymentWork {
  readonly id: string
  readonly state: DeploymentState
  readonly failures: number
  readonly kind: string
  readonly configSecretId: string
  readonly targetName: string
  readonly chainPem: string
  readonly sha256: string
  readonly keySecretId: string | null
}

/** Installs one issuance on one target. Its failure is recorded with it and stops nothing else. */
export async function deploy(services: Services, work: Work, deploymentId: string): Promise<void> {
  const deployment = await loadDeployment(services, work, deploymentId)
  if (deployment.state !== 'planned') await move(services, work, deployment, 'planned', { log: [], problem: null, retryAt: null })
  try {
    const evidence = await applyToTarget(services, work, deployment)
    services.onStep('deploy', 'done')
    await move(services, work, { ...deployment, state: 'planned' }, 'applied', {
      log: evidence.log,
      problem: null,
      retryAt: null,
    })
  } catch (error) {
    if (error instanceof AppError && error.stale) throw error
    await recordDeployFailure(services, work, { ...deployment, state: 'planned' }, error)
  }
}

async function applyToTarget(services: Services, work: Work, deployment: DeploymentWork): Promise<DeployEvidence> {
  if (deployment.keySecretId === null) {
    throw new AppError(
      'deployRefused',
      `Deploying to ${deployment.targetName}: the private key is not here, since the CSR was yours: install the certificate by hand.`,
    )
  }
  const adapter = findAdapter(services.adapters.deploy, deployment.kind, 'target')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, deployment.configSecretId, 'targetConfig'))
  const target = adapter.create(parseConfig(adapter, raw), services.kit)
  const privateKeyPem = await services.vault.open(services.db, deployment.keySecretId, 'privateKey')
  services.log.info({ event: 'deployment.apply', certificateId: work.certificateId, deploymentId: deployment.id })
  return target.apply({ chainPem: deployment.chainPem, privateKeyPem, sha256: deployment.sha256 })
}

async function loadDeployment(services: Services, work: Work, id: string): Promise<DeploymentWork> {
  const row = await services.db
    .selectFrom('deployment')
    .innerJoin('target', 'target.id', 'deployment.target_id')
    .innerJoin('issuance', 'issuance.id', 'deployment.issuance_id')
    .leftJoin('private_key', 'private_key.id', 'issuance.private_key_id')
    .select([
      'deployment.id',
      'deployment.state',
      'deployment.failures',
      'target.kind',
      'target.name',
      'target.config_secret_id',
      'issuance.chain_pem',
      'issuance.sha256',
      'private_key.secret_id',
    ])
    .where('deployment.id', '=', id)
    .where('deployment.account_id', '=', work.accountId)
    .where('target.certificate_id', '=', work.certificateId)
    .where('deployment.issuance_id', '=', work.issuanceId)
    .executeTakeFirst()
  if (row === undefined) throw changed(work)
  return {
    id: row.id,
    state: row.state,
    failures: row.failures,
    kind: row.kind,
    configSecretId: row.config_secret_id,
    targetName: row.name,
    chainPem: row.chain_pem,
    sha256: row.sha256,
    keySecretId: row.secret_id,
  }
}

interface DeploymentResult {
  readonly log: readonly string[]
  readonly problem: string | null
  readonly retryAt: number | null
  /** What the owner is told, if anything. */
  readonly notice?: Pick<HappenedNotice, 'kind' | 'detail'>
}

async function move(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  to: DeploymentState,
  result: DeploymentResult,
): Promise<void> {
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    await transition(trx, {
      subject: 'deployment',
      id: deployment.id,
      from: deployment.state,
      to,
      accountId: work.accountId,
      certificateId: work.certificateId,
      actor: EVERCERT_ACTOR,
      detail: result.problem ?? `${deployment.targetName}: ${result.log.at(-1) ?? to}`,
      now,
      set: {
        log: sql`${JSON.stringify(result.log)}::jsonb`,
        problem: result.problem,
        retry_at: result.retryAt === null ? null : new Date(result.retryAt),
        failures: result.problem === null ? deployment.failures : deployment.failures + 1,
        updated_at: new Date(now),
      },
    })
    if (result.notice === undefined) return
    const occasion = `${deployment.id}:${deployment.failures + 1}`
    await planNotice(services, trx, {
      certificateId: work.certificateId,
      ...result.notice,
      occasion,
      place: deployment.targetName,
    })
  })
}

/** What may mend itself in a moment is not told at once. */
const TELL_AFTER_FAILURES = 3

async function recordDeployFailure(services: Services, work: Work, deployment: DeploymentWork, error: unknown): Promise<void> {
  const failure = error instanceof AppError ? error : new AppError('internal', 'Deploying: an unexpected error: see the log.')
  services.log.warn({ event: 'deployment.failed', certificateId: work.certificateId, deploymentId: deployment.id, error })
  const retryAt = failure.retry === 'never' ? null : services.now() + backoffMs('upstream', deployment.failures + 1)
  const to = failure.code === 'rolledBack' ? 'rolledBack' : 'failed'
  const kind = to === 'rolledBack' ? 'deploymentRolledBack' : 'deploymentFailed'
  const isTold = retryAt === null || deployment.failures + 1 === TELL_AFTER_FAILURES
  await move(services, work, deployment, to, {
    log: [],
    problem: failure.message,
    retryAt,
    ...(isTold && { notice: { kind, detail: failure.message } }),
  })
}
