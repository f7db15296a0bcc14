/**
 * Watching the sites of a deployment after its reload, for a bounded time: proved, or seen, or taken back.
 *
 * @module
 */
import { backoffMs } from '../../domain/backoff.ts'
import { isJudgedAfterAnother } from '../../domain/certificate/next-step.ts'
import { judgeDeployment, sitesOf, type DeploymentJudgement } from '../../domain/deployment/judge-deployment.ts'
import type { Services } from '../context.ts'
import { lookSoon } from '../probing/prove-late.ts'
import { loadDeployment, logLine, moveDeployment, noteDeployment, type DeploymentWork } from './deployment-record.ts'
import { changed, type Work } from './facts.ts'
import { SITES } from './places.ts'
import { lookAt } from './sightings.ts'

/** One look. A bad one is looked at again until the time is up, since servers reload gracefully; the last one decides. */
export async function checkDeployment(services: Services, work: Work, deploymentId: string): Promise<void> {
  const deployment = await loadDeployment(services, work, deploymentId)
  const { state, baseline, checkUntil } = deployment
  if (state !== 'applied' || baseline === null || checkUntil === null) throw changed(work)
  const sites = sitesOf(baseline)
  const after = await services.places.visit().at(SITES, () => lookAt(services, work, deployment, sites))
  const judgement = judgeDeployment(baseline, after, deployment.sha256)
  services.onStep('checkDeployment', 'done')
  if (judgement.verdict === 'proved') return recordProved(services, work, deployment)
  if (judgement.verdict === 'seen') {
    const log = [logLine(services, 'An endpoint serves the new certificate, and all that answered before still do.')]
    await noteDeployment(services, work, deployment, { log, checkAt: null })
    return lookSoonIfLate(services, work, deployment)
  }
  const tries = deployment.checkTries + 1
  if (services.now() < checkUntil) {
    const checkAt = Math.min(services.now() + backoffMs('check', tries + 1), checkUntil)
    return noteDeployment(services, work, deployment, { log: [], checkAt, checkTries: tries })
  }
  if (judgement.verdict === 'bad' && deployment.probe === null && isJudgedAfterAnother(work.facts.deployments, deploymentId)) {
    return noteDeployment(services, work, deployment, {
      log: [],
      checkAt: services.now() + backoffMs('check', tries + 1),
      checkTries: tries,
    })
  }
  if (judgement.verdict !== 'bad') return recordOpen(services, work, deployment, judgement)
  // Who put it there before had it judged.
  return deployment.changed === true
    ? intendToRestore(services, work, deployment, judgement)
    : recordNotOurs(services, work, deployment, judgement)
}

/** Its endpoints are looked at by schedule alone once the certificate is served: who came after that waits for the next look. */
async function lookSoonIfLate(services: Services, work: Work, { probe }: DeploymentWork): Promise<void> {
  if (probe === null && work.facts.servedAt !== null) await lookSoon(services, work.accountId, work.certificateId)
}

function recordProved(services: Services, work: Work, deployment: DeploymentWork): Promise<void> {
  return moveDeployment(services, work, deployment, 'proved', {
    log: [logLine(services, 'Its own address serves the new certificate.')],
    appends: true,
    problem: null,
    retryAt: null,
    set: { check_at: null, check_until: null },
  })
}

/** Written down first: whoever comes after a crash goes on putting the previous pair back. */
function intendToRestore(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { reasons }: DeploymentJudgement,
): Promise<void> {
  const restoreReason = reasons.join(' ')
  const log = reasons.map((reason) => logLine(services, `After the reload: ${reason}`))
  return noteDeployment(services, work, deployment, {
    log: [...log, logLine(services, 'Taking the deployment back.')],
    checkAt: null,
    restoreReason,
  })
}

/** The pair was there before, as far as anybody knows: to take it back would undo what another deployment, or a person, did. */
function recordNotOurs(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { reasons }: DeploymentJudgement,
): Promise<void> {
  const isKnown = deployment.changed === false
  const known = isKnown
    ? 'The target had this pair before the deployment'
    : 'Whether the target had this pair before the deployment cannot be told'
  const message = `Proving ${deployment.targetName}: after the reload ${reasons.join(' ')} ${known}, so nothing is taken back: check its address and its reload command, then deploy again.`
  return moveDeployment(services, work, deployment, 'failed', {
    log: [
      ...reasons.map((reason) => logLine(services, `After the reload: ${reason}`)),
      isKnown
        ? logLine(services, 'The pair stays: it was there before this deployment.')
        : logLine(services, 'The pair stays: it may have been there before this deployment.'),
    ],
    appends: true,
    problem: { code: 'verificationFailed', message },
    retryAt: null,
    set: { check_at: null, check_until: null },
    notice: { kind: 'deploymentFailed', detail: message },
  })
}

/** Nothing got worse, and nothing shows the new certificate: not this target's fault, as far as can be seen. The endpoints are proved on. */
async function recordOpen(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { reasons }: DeploymentJudgement,
): Promise<void> {
  const log = [
    ...reasons.map((reason) => logLine(services, `After the reload: ${reason}`)),
    logLine(services, 'The new pair stays: nothing that worked before is worse.'),
  ]
  const isUnproved = deployment.probe !== null
  await noteDeployment(services, work, deployment, {
    log,
    checkAt: null,
    ...(isUnproved && {
      problem: {
        code: 'verificationFailed' as const,
        message: `Proving ${deployment.targetName}: its own address does not answer, before the deployment and after it: check the address of the target. ${reasons.join(' ')}`,
      },
    }),
  })
  return lookSoonIfLate(services, work, deployment)
}
