/**
 * Installing one issuance on one target: what its sites serve is written down, then the pair is put in place and the server reloaded.
 * Whether that worked is not decided here but by handshake, in check-deployment.ts.
 *
 * @module
 */
import { backoffMs } from '../../domain/backoff.ts'
import { isNotServed, sitesOf, watchedOf } from '../../domain/deployment/judge-deployment.ts'
import { AppError } from '../../domain/errors.ts'
import type { CertificatePair, DeployEvidence, DeployTarget } from '../../ports/deploy.ts'
import type { Gathering } from '../../ports/kit.ts'
import type { Services } from '../context.ts'
import { lookSoon } from '../probing/prove-late.ts'
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
  type Held,
} from './deployment-record.ts'
import { CHECK_WINDOW_SECONDS, type Work } from './facts.ts'
import { createLiveLog, type LiveLog } from './live-log.ts'
import { hostOf, SITES, type Host, type Visit } from './places.ts'
import type { Release } from './reload-leases.ts'
import { loadSites, lookAt } from './sightings.ts'
import { knownBefore, previousOf, wasPutThere } from './whose-doing.ts'

/** Who runs it. */
export interface DeployRun {
  /** What another node may go on with; without it no other is asked. */
  readonly jobId?: string | undefined
  /** Called when it is known which server it is. */
  readonly onBegun: () => void
}

/** What is looked at for each deployment of a certificate: the next ones find the rest. */
const MAX_TOGETHER = 200

/**
 * Installs one issuance on a target, and on those of the others that go with it: on the same server, which is reloaded once for all of them, or each with an
 * address of its own, where it alone is seen. The failure of one is recorded with it and stops nothing else.
 *
 * @returns whether another node, which has the server, goes on with the job: nothing was done here
 */
export async function deploy(
  services: Services,
  work: Work,
  [deploymentId, ...others]: readonly [string, ...string[]],
  run: DeployRun,
): Promise<'done' | 'leftToAnother'> {
  const releases: Release[] = []
  try {
    const first = await prepare(services, work, deploymentId)
    const together = [first]
    try {
      if (!(await holds(services, first, run.jobId, releases))) {
        first.end()
        return 'leftToAnother'
      }
      for (const id of others.slice(0, MAX_TOGETHER - 1)) {
        const other = await prepare(services, work, id)
        // What another node has is not left to it yet: the job is, when nothing else of it is left here.
        if (goesWith(first, other) && (await holds(services, other, run.jobId === undefined ? undefined : null, releases)))
          together.push(other)
        else other.end()
      }
    } catch (error) {
      for (const one of together) one.end() // else whoever comes to their servers would wait for them for ever
      throw error
    }
    run.onBegun()
    await deployAll(services, work, together)
    return 'done'
  } finally {
    for (const release of releases) release()
  }
}

/** Whether this node gathers for its server, or nobody needs to. */
async function holds(
  { reloads }: Services,
  { sharedReload }: Prepared,
  jobId: string | null | undefined,
  releases: Release[],
): Promise<boolean> {
  if (sharedReload === null || jobId === undefined) return true
  const release = await reloads.hold(sharedReload, jobId)
  if (release !== null) releases.push(release)
  return release !== null
}

async function deployAll(services: Services, work: Work, together: readonly Prepared[]): Promise<void> {
  const [first] = together
  if (together.length === 1 && first !== undefined) return deployOne(services, work, first)
  const { places } = services
  const results = await places.aside(() =>
    Promise.allSettled(together.map((one) => places.within(() => deployOne(services, work, one)))),
  )
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

function goesWith(first: Prepared, other: Prepared): boolean {
  if (first.server !== null && first.server === other.server) return true
  return first.loaded.probe !== null && other.loaded.probe !== null
}

interface Prepared {
  /** As it was found. */
  readonly loaded: DeploymentWork
  /** As it is from its begin on. */
  readonly deployment: DeploymentWork
  readonly live: LiveLog
  /** Or why there is none. */
  readonly target: DeployTarget | { readonly fault: unknown }
  /** What is reloaded; null when nothing is, or nobody knows. */
  readonly server: string | null
  /** The same, where a reload is shared with other nodes. */
  readonly sharedReload: string | null
  readonly visit: Visit
  /** It is at its server, or will not come. */
  readonly end: () => void
}

async function prepare(services: Services, work: Work, deploymentId: string): Promise<Prepared> {
  const loaded = await loadDeployment(services, work, deploymentId)
  const isPlanned = loaded.state === 'planned'
  const deployment: DeploymentWork = isPlanned
    ? loaded
    : { ...loaded, state: 'planned', baseline: null, checkTries: 0, hasBegun: false, ...(isBack(loaded) && UNTOUCHED) }
  const { places } = services
  const live = createLiveLog(services, work, deployment)
  let arrive = (): void => {}
  const visit = places.visit()
  let elsewhereMs = (): number => 0
  const gathering: Gathering = {
    quietMs: (server) => {
      const quietMs = visit.quietMs(server)
      return quietMs === 0 ? 0 : Math.max(quietMs, elsewhereMs())
    },
    aside: (wait) => {
      arrive()
      return visit.aside(wait)
    },
  }
  const rest = { loaded, deployment, live, visit, end: () => arrive() }
  try {
    const target = await openTarget(services, work, deployment, { onLogLine: live.say, onTold: live.skip, gathering })
    const { server = null, sharedReload = null } = target
    if (server !== null) arrive = places.announce(server)
    if (sharedReload !== null) elsewhereMs = () => services.reloads.quietMs(sharedReload)
    return { ...rest, target, server, sharedReload }
  } catch (fault) {
    return { ...rest, target: { fault }, server: null, sharedReload: null }
  }
}

/** Once the pair was taken back, nothing of it is this deployment's doing any more. */
const isBack = ({ state }: DeploymentWork): boolean => state === 'rolledBack'
const UNTOUCHED = { changed: null, held: null }

async function deployOne(services: Services, work: Work, prepared: Prepared): Promise<void> {
  const { loaded, end } = prepared
  try {
    if (loaded.state !== 'planned') {
      const set = {
        baseline: null,
        restore_reason: null,
        check_at: null,
        check_until: null,
        check_tries: 0,
        ...(isBack(loaded) && { changed: null, held_sha256: null, held_at: null }),
      }
      await moveDeployment(services, work, loaded, 'planned', { log: [], problem: null, retryAt: null, set })
    }
    await deployPlanned(services, work, prepared)
  } finally {
    end()
  }
}

type Planned = Pick<Prepared, 'deployment' | 'live' | 'target' | 'visit'>

async function deployPlanned(services: Services, work: Work, planned: Planned): Promise<void> {
  const { live, target, visit } = planned
  let { deployment } = planned
  try {
    if ('fault' in target) throw target.fault
    const host = hostOf(target)
    if (host !== null && !services.places.admits(host, deployment.id)) return await giveBack(services, work, deployment, host)
    deployment = await begin(services, work, deployment, { target, visit })
    const mustReload = await isReloadDue(services, work, deployment, visit)
    services.onStep('deploy', 'announced')
    const wish = { mustReload, isAskedAnew: isAskedAnew(deployment) }
    const evidence = await visit.at(host, async () => target.apply(await pairOf(services, work, deployment), wish))
    services.onStep('deploy', 'done')
    await recordApplied(services, work, deployment, { evidence, log: await live.end(evidence.log) })
  } catch (error) {
    const log = await live.end(logOf(error))
    if (error instanceof AppError && error.stale) {
      await endOvertaken(services, work, deployment)
      throw error
    }
    if (error instanceof AppError && error.pending) return waitForIt(services, work, deployment, error)
    await recordDeployFailure(services, work, deployment, { error, log })
  }
}

/** By what was begun the pair may be in its place when it is asked again, and so by a try before this one that broke off: nobody could tell then. */
function waitForIt(services: Services, work: Work, deployment: DeploymentWork, reason: AppError): Promise<void> {
  const isOurs = reason.facts['changed'] === true || (deployment.hasBegun && wasPutThere(deployment) === true)
  return waitForTarget(services, work, deployment, reason, isOurs)
}

/** Should whoever was to wake it die. */
const RETURN_SECONDS = 60

/** As many as may wait there already: written down, and woken when one of them is done. */
async function giveBack(services: Services, work: Work, deployment: DeploymentWork, host: Host): Promise<void> {
  const { id: deploymentId, targetName } = deployment
  const reason = new AppError(
    'targetBusy',
    `Waiting for the host of ${targetName}: others wait for its answer: this one follows when one of them has it.`,
    { pending: true, retryAfterSeconds: RETURN_SECONDS },
  )
  await waitForIt(services, work, deployment, reason)
  const { certificateId, accountId } = work
  services.places.willReturn(host, { deploymentId, certificateId, accountId })
}

/** What a target did before it failed. */
function logOf(error: unknown): readonly string[] {
  const log = error instanceof AppError ? error.facts['log'] : undefined
  return Array.isArray(log) ? log.map(String) : []
}

/** Who deletes the target from here on is told to wait. @returns the deployment with all that is known of before it */
async function begin(services: Services, work: Work, deployment: DeploymentWork, place: Place): Promise<DeploymentWork> {
  const { baseline, hasBegun } = deployment
  if (baseline === null) return takeBaseline(services, work, deployment, place)
  const brokenOff = hasBegun ? [logLine(services, 'The try before this one broke off: going on from what it left.')] : []
  await noteDeployment(services, work, deployment, { log: brokenOff, hasBegun: true })
  return deployment
}

interface Place {
  readonly target: DeployTarget
  readonly visit: Visit
}

const isAskedAnew = ({ reloadAsked, askedAgain }: DeploymentWork): boolean => reloadAsked || askedAgain !== null

/**
 * Whether the server is reloaded also if the target holds the pair: it is not served, or an earlier try failed, or somebody asked. What only endpoints show
 * may be another server's doing, and is a reason once.
 */
async function isReloadDue(services: Services, work: Work, deployment: DeploymentWork, visit: Visit): Promise<boolean | 'once'> {
  const { failures, hasBegun, sha256, baseline, probe } = deployment
  if (isAskedAnew(deployment) || failures > 0) return true
  if (baseline === null || !isNotServed(baseline, sha256)) return false
  const due = probe === null ? 'once' : true
  // The try that broke off may have reloaded it.
  if (!hasBegun) return due
  const sightings = await visit.at(SITES, () => lookAt(services, work, deployment, sitesOf(baseline)))
  return isNotServed({ sightings }, sha256) && due
}

/** A later issuance came while this one was put in place: the target is not touched any more, and may be deleted. */
async function endOvertaken(services: Services, { accountId }: Work, { id }: DeploymentWork): Promise<void> {
  await services.db
    .updateTable('deployment')
    .set({ begun_at: null })
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .where('state', '=', 'superseded')
    .execute()
}

/** Written down before the target is touched: after a crash in between it could not be seen any more. */
async function takeBaseline(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { target, visit }: Place,
): Promise<DeploymentWork> {
  const before = knownBefore(deployment, await findHeld(target, visit))
  const { held } = before
  const sites = await loadSites(services, work, deployment)
  const look = () => lookAt(services, work, deployment, sites)
  const baseline = { sightings: await (sites.length === 0 ? look() : visit.at(SITES, look)) }
  const log = baseline.sightings.map(({ host, port, address, said }) =>
    logLine(services, `Before: ${host}:${port}${host === address ? '' : ` at ${address}`}: ${said}`),
  )
  const isUntouched = before.changed === null && before.previousSha256 === null
  await noteDeployment(services, work, deployment, {
    log,
    baseline,
    hasBegun: true,
    ...(held !== null && { held }),
    ...(isUntouched && { changed: null }),
  })
  return { ...deployment, baseline, ...before }
}

/** @throws AppError of a target that may answer later */
async function findHeld(target: DeployTarget, visit: Visit): Promise<Held | null> {
  try {
    const { sha256, isUnknown } = await visit.at(hostOf(target), () => target.inspect())
    return isUnknown === true ? null : { sha256 }
  } catch (error) {
    if (error instanceof AppError && error.retry !== 'never') throw error
    return null // what is wrong there is said by what is tried next
  }
}

/** @throws AppError `deployRefused` when its key is not here and the target can do nothing without */
async function pairOf(services: Services, work: Work, deployment: DeploymentWork): Promise<CertificatePair> {
  const { keySecretId } = deployment
  if (keySecretId === null && !mayHaveKey(services, deployment)) {
    throw new AppError(
      'deployRefused',
      `Deploying to ${deployment.targetName}: the private key is not here, since the CSR was yours: install the certificate by hand.`,
    )
  }
  const privateKeyPem = keySecretId === null ? null : await services.vault.open(services.db, keySecretId, 'privateKey')
  services.log.info({ event: 'deployment.apply', certificateId: work.certificateId, deploymentId: deployment.id })
  return { chainPem: deployment.chainPem, privateKeyPem, sha256: deployment.sha256 }
}

interface Applied {
  readonly evidence: DeployEvidence
  /** What of the evidence's log is not written down yet. */
  readonly log: readonly string[]
}

async function recordApplied(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { evidence, log }: Applied,
): Promise<void> {
  const now = services.now()
  const isWatched = deployment.baseline !== null && watchedOf(deployment.baseline).length > 0
  const windowMs = (settleSeconds(services, deployment) ?? CHECK_WINDOW_SECONDS) * 1_000
  await moveDeployment(services, work, deployment, 'applied', {
    log,
    said: evidence.log,
    appends: true,
    problem: null,
    retryAt: null,
    set: {
      previous_sha256: previousOf(deployment, evidence),
      changed: evidence.changed || wasPutThere(deployment),
      check_at: isWatched ? new Date(now + backoffMs('check', 1)) : null,
      check_until: isWatched ? new Date(now + windowMs) : null,
      check_tries: 0,
    },
  })
  if (!isWatched && work.facts.servedAt !== null) await lookSoon(services, work.accountId, work.certificateId)
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
  const isHeld = error instanceof AppError && error.facts['held'] === true
  const isTold = retryAt === null || deployment.failures + 1 === TELL_AFTER_FAILURES
  await moveDeployment(services, work, deployment, to, {
    log,
    appends: true,
    problem: failure,
    retryAt,
    ...(isHeld && { set: { changed: wasPutThere(deployment) } }),
    ...(isTold && { notice: { kind, detail: failure.message } }),
  })
}
