/**
 * Taking a deployment back that made things worse: the previous pair, a reload, and another look.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../../domain/backoff.ts'
import { notRestored, type Baseline } from '../../domain/deployment/judge-deployment.ts'
import { AppError } from '../../domain/errors.ts'
import type { RestoreEvidence } from '../../ports/deploy.ts'
import type { Services } from '../context.ts'
import {
  loadDeployment,
  loadPreviousPair,
  logLine,
  moveDeployment,
  noteDeployment,
  openTarget,
  toFailure,
  waitForTarget,
  type DeploymentWork,
} from './deployment-record.ts'
import { changed, type Work } from './facts.ts'
import { createLiveLog } from './live-log.ts'
import { hostOf, SITES } from './places.ts'
import { lookAt } from './sightings.ts'

/** As for the reload of the new pair, but nobody waits for more than to be told. */
const LOOKS = 5

export async function restoreDeployment(services: Services, work: Work, deploymentId: string): Promise<void> {
  const deployment = await loadDeployment(services, work, deploymentId)
  const { state, restoreReason, baseline } = deployment
  if (state !== 'applied' || restoreReason === null) throw changed(work)
  const live = createLiveLog(services, work, deployment)
  const visit = services.places.visit()
  await noteDeployment(services, work, deployment, { log: [], hasBegun: true })
  let evidence: RestoreEvidence
  try {
    const target = await openTarget(services, work, deployment, { onLogLine: live.say, onTold: live.skip, gathering: visit })
    const previous = await loadPreviousPair(services, work, deployment)
    // Never given back, however many wait there: it goes before them.
    evidence = await visit.at(hostOf(target), () => target.restore(deployment.sha256, previous))
  } catch (error) {
    await live.end([])
    if (error instanceof AppError && error.pending) return waitForTarget(services, work, deployment, error)
    return recordFailure(services, work, deployment, error)
  }
  services.onStep('restoreDeployment', 'done')
  const worse = baseline === null ? [] : await visit.at(SITES, () => lookAgain(services, work, deployment, baseline))
  const outcome =
    worse.length === 0
      ? 'the previous pair was put back, and what was served before is served again'
      : `the previous pair was put back, but still ${worse.join(' ')}`
  const message = `Deploying to ${deployment.targetName}: after the reload ${restoreReason} So ${outcome}: correct the server, then deploy again.`
  await moveDeployment(services, work, deployment, 'rolledBack', {
    log: [...(await live.end(evidence.log)), logLine(services, `Taken back: ${outcome}.`)],
    appends: true,
    problem: { code: 'rolledBack', message },
    retryAt: null,
    notice: { kind: 'deploymentRolledBack', detail: message },
  })
}

/** What does not serve what it served before, after some patience. */
async function lookAgain(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  baseline: Baseline,
): Promise<readonly string[]> {
  for (let look = 1; ; look++) {
    const worse = notRestored(baseline, await lookAt(services, work, deployment, baseline.sightings))
    if (worse.length === 0 || look === LOOKS) return worse
    await sleep(backoffMs('check', look))
  }
}

/** What cannot be reached is asked again; what refuses needs a person, and has the new pair. */
async function recordFailure(services: Services, work: Work, deployment: DeploymentWork, error: unknown): Promise<void> {
  const failure = toFailure(error)
  services.log.warn({ event: 'deployment.restoreFailed', certificateId: work.certificateId, deploymentId: deployment.id, error })
  const said = `Taking back the deployment to ${deployment.targetName} (${deployment.restoreReason ?? ''}): ${failure.message}`
  const problem = { code: failure.code, message: said }
  const log = [logLine(services, said)]
  if (failure.retry !== 'never') {
    const failures = deployment.failures + 1
    const retryAt = services.now() + backoffMs('upstream', failures)
    return noteDeployment(services, work, deployment, { log, problem, retryAt, failures, hasBegun: false })
  }
  return moveDeployment(services, work, deployment, 'failed', {
    log,
    appends: true,
    problem,
    retryAt: null,
    notice: { kind: 'deploymentFailed', detail: said },
  })
}
