/**
 * Installing one issuance on one target: what its sites serve is written down, then the pair is put in place and the server reloaded.
 * Whether that worked is not decided here but by handshake, in check-deployment.ts.
 *
 * @module
 */
import { backoffMs } from '../../domain/backoff.ts'
import { watchedOf, type Baseline } from '../../domain/deployment/judge-deployment.ts'
import { AppError } from '../../domain/errors.ts'
import type { DeployEvidence } from '../../ports/deploy.ts'
import type { Services } from '../context.ts'
import {
  loadDeployment,
  logLine,
  moveDeployment,
  noteDeployment,
  openTarget,
  mayHaveKey,
  settleSeconds,
  toFailure,
  waitForTarget,
  type DeploymentWork,
} from './deployment-record.ts'
import { CHECK_WINDOW_SECONDS, type Work } from './facts.ts'
import { createLiveLog, type LiveLog } from './live-log.ts'
import { loadSites, lookAt } from './sightings.ts'

/** Installs one issuance on one target. Its failure is recorded with it and stops nothing else. */
export async function deploy(services: Services, work: Work, deploymentId: string): Promise<void> {
  const loaded = await loadDeployment(services, work, deploymentId)
  if (loaded.state !== 'planned') {
    await moveDeployment(services, work, loaded, 'planned', {
      log: [],
      problem: null,
      retryAt: null,
      set: { baseline: null, restore_reason: null, check_at: null, check_until: null, check_tries: 0 },
    })
  }
  const isAnew = loaded.state !== 'planned'
  const deployment: DeploymentWork = isAnew ? { ...loaded, state: 'planned', baseline: null, checkTries: 0 } : loaded
  const live = createLiveLog(services, work, deployment)
  try {
    const baseline = deployment.baseline ?? (await takeBaseline(services, work, deployment))
    services.onStep('deploy', 'announced')
    const evidence = await applyToTarget(services, work, deployment, live)
    services.onStep('deploy', 'done')
    await recordApplied(services, work, deployment, { baseline, evidence, log: await live.end(evidence.log) })
  } catch (error) {
    const log = await live.end(logOf(error))
    if (error instanceof AppError && error.stale) throw error
    if (error instanceof AppError && error.pending) return waitForTarget(services, work, deployment, error)
    await recordDeployFailure(services, work, deployment, { error, log })
  }
}

/** What a target did before it failed. */
function logOf(error: unknown): readonly string[] {
  const log = error instanceof AppError ? error.facts['log'] : undefined
  return Array.isArray(log) ? log.map(String) : []
}

/** Written down before the target is touched: after a crash in between it could not be seen any more. */
async function takeBaseline(services: Services, work: Work, deployment: DeploymentWork): Promise<Baseline> {
  const sites = await loadSites(services, work, deployment)
  const baseline = { sightings: await lookAt(services, work, deployment, sites) }
  const log = baseline.sightings.map(({ host, port, address, said }) =>
    logLine(services, `Before: ${host}:${port}${host === address ? '' : ` at ${address}`}: ${said}`),
  )
  await noteDeployment(services, work, deployment, { log, baseline })
  return baseline
}

async function applyToTarget(services: Services, work: Work, deployment: DeploymentWork, live: LiveLog): Promise<DeployEvidence> {
  const { keySecretId } = deployment
  if (keySecretId === null && !mayHaveKey(services, deployment)) {
    throw new AppError(
      'deployRefused',
      `Deploying to ${deployment.targetName}: the private key is not here, since the CSR was yours: install the certificate by hand.`,
    )
  }
  const target = await openTarget(services, work, deployment, live.say)
  const privateKeyPem = keySecretId === null ? null : await services.vault.open(services.db, keySecretId, 'privateKey')
  services.log.info({ event: 'deployment.apply', certificateId: work.certificateId, deploymentId: deployment.id })
  return target.apply({ chainPem: deployment.chainPem, privateKeyPem, sha256: deployment.sha256 })
}

interface Applied {
  readonly baseline: Baseline
  readonly evidence: DeployEvidence
  /** What of the evidence's log is not written down yet. */
  readonly log: readonly string[]
}

async function recordApplied(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { baseline, evidence, log }: Applied,
): Promise<void> {
  const now = services.now()
  const isWatched = watchedOf(baseline).length > 0
  const windowMs = (settleSeconds(services, deployment) ?? CHECK_WINDOW_SECONDS) * 1_000
  // After a crash the pair is there already, and what was there before it is known from the first time alone.
  const previousSha256 = evidence.changed ? evidence.previousSha256 : (deployment.previousSha256 ?? evidence.previousSha256)
  await moveDeployment(services, work, deployment, 'applied', {
    log,
    said: evidence.log,
    appends: true,
    problem: null,
    retryAt: null,
    set: {
      previous_sha256: previousSha256,
      check_at: isWatched ? new Date(now + backoffMs('check', 1)) : null,
      check_until: isWatched ? new Date(now + windowMs) : null,
      check_tries: 0,
    },
  })
}

/** What may mend itself in a moment is not told at once. */
const TELL_AFTER_FAILURES = 3

async function recordDeployFailure(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { error, log }: { readonly error: unknown; readonly log: readonly string[] },
): Promise<void> {
  const failure = toFailure(error)
  services.log.warn({ event: 'deployment.failed', certificateId: work.certificateId, deploymentId: deployment.id, error })
  const retryAt = failure.retry === 'never' ? null : services.now() + backoffMs('upstream', deployment.failures + 1)
  const to = failure.code === 'rolledBack' ? 'rolledBack' : 'failed'
  const kind = to === 'rolledBack' ? 'deploymentRolledBack' : 'deploymentFailed'
  const isTold = retryAt === null || deployment.failures + 1 === TELL_AFTER_FAILURES
  await moveDeployment(services, work, deployment, to, {
    log,
    appends: true,
    problem: failure,
    retryAt,
    ...(isTold && { notice: { kind, detail: failure.message } }),
  })
}
