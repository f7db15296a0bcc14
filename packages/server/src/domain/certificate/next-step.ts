/**
 * What a certificate needs next, from stored facts alone: the one decision behind every job (DESIGN §4). It may be asked at any time,
 * on any node, after any crash, and answers the same.
 *
 * @module
 */
import type { ApplicationState } from '../application/application-machine.ts'
import type { DeploymentState } from '../deployment/deployment-machine.ts'
import type { RenewalState } from '../renewal/renewal-machine.ts'

export interface ApplicationFacts {
  readonly state: ApplicationState
  readonly hasCsr: boolean
  readonly orderRef: string | null
  /** When every proof was put in place by us, or shown to the user; epoch milliseconds. */
  readonly proofPublishedAt: number | null
  /** When the CA was told that the proofs are in place. */
  readonly answeredAt: number | null
  /** Not before this: back-off, Retry-After. */
  readonly retryAt: number | null
  /** OV and EV: people have not decided yet. */
  readonly awaitsReview: boolean
}

export interface DeploymentFacts {
  readonly id: string
  readonly state: DeploymentState
  /** Null on a failed one: a person has to act first. */
  readonly retryAt: number | null
  /** The others wait until it is proved. Default: false. */
  readonly isCanary?: boolean
  /** Of an applied one whose addresses are watched after the reload; null, as by default, when they are not (any more). */
  readonly check?: DeploymentCheck | null
  /** An applied one whose previous pair is being put back. Default: false. */
  readonly isRestoring?: boolean
}

export interface DeploymentCheck {
  /** Not before this, epoch milliseconds. */
  readonly at: number
  /** What is seen tells of this target alone, whatever else changes meanwhile. */
  readonly isOwn: boolean
  /** Of one whose change is seen at endpoints that others share: until then no other is touched. Later what they show may be another's doing. */
  readonly aloneUntil: number
  /** When the last look decides. */
  readonly until: number
}

export interface ManagedFacts {
  readonly step: 'renewManaged' | 'applyManaged'
  /** Not before this, epoch milliseconds: as planned, or the next try. */
  readonly at: number
  /** Not before this its CA is asked when to renew; null, as by default, when it is not. */
  readonly askCaAt?: number | null
}

export interface AdvanceFacts {
  readonly closed: boolean
  /** The application in progress; null when there is none. */
  readonly application: ApplicationFacts | null
  readonly issued: boolean
  /** Of the current issuance. */
  readonly deployments: readonly DeploymentFacts[]
  readonly endpointCount: number
  /** When every endpoint was seen to serve the current issuance; null until then. */
  readonly servedAt: number | null
  /** Not before this: back-off between probes. */
  readonly probeDueAt: number | null
  /** What a managed certificate does by itself next; null when there is nothing, or it is not managed. */
  readonly managed: ManagedFacts | null
  readonly renewal: { readonly state: RenewalState } | null
  /** A confirmed revocation that the CA has not carried out; `retryAt` as elsewhere. */
  readonly revocation: { readonly retryAt: number | null } | null
  /** TXT records of ended applications of ours may be in the DNS; not before this they are removed. */
  readonly txtRemovalAt: number | null
}

export type Step =
  | { readonly do: 'prepareCsr' }
  | { readonly do: 'placeOrder' }
  | { readonly do: 'publishProof' }
  | { readonly do: 'checkProof' }
  | { readonly do: 'readOrder' }
  | { readonly do: 'finalizeOrder' }
  | {
      readonly do: 'deploy'
      readonly deploymentId: string
      /** Others that are ready: those of the same server go with it, and it is reloaded once. */
      readonly alongside: readonly string[]
    }
  | { readonly do: Exclude<DeploymentEffect, 'deploy'>; readonly deploymentId: string }
  | { readonly do: 'probe' }
  | { readonly do: 'closeRenewal' }
  | { readonly do: 'revoke' }
  | { readonly do: 'removeTxtRecords' }
  | { readonly do: 'renewManaged' }
  | { readonly do: 'applyManaged' }
  | { readonly do: 'askRenewalInfo' }
  | {
      readonly do: 'wait'
      readonly until: number
      readonly because: 'application' | 'deployment' | 'proof' | 'revocation' | 'txtRecords' | 'managed'
    }
  | { readonly do: 'rest'; readonly because: 'closed' | 'noApplication' | 'review' | 'reviewFailed' | 'noEndpoints' | 'served' }

/** What is done with one deployment. */
export type DeploymentEffect = 'deploy' | 'checkDeployment' | 'restoreDeployment'

export type Effect = Exclude<Step['do'], 'wait' | 'rest'>

/** The next step at `now` (epoch milliseconds). */
export function nextStep(facts: AdvanceFacts, now: number): Step {
  const step = withQuestion(facts, processStep(facts, now), now)
  if (facts.txtRemovalAt === null || !isIdle(step)) return step // clean-up delays nothing
  if (facts.txtRemovalAt <= now) return { do: 'removeTxtRecords' }
  return earlierOf(step, { do: 'wait', until: facts.txtRemovalAt, because: 'txtRecords' })
}

/** Asking the CA when to renew delays nothing either. */
function withQuestion({ closed, revocation, managed }: AdvanceFacts, step: Step, now: number): Step {
  const askAt = managed?.askCaAt ?? null
  if (askAt === null || closed || revocation !== null || !isIdle(step)) return step
  return askAt <= now ? { do: 'askRenewalInfo' } : earlierOf(step, { do: 'wait', until: askAt, because: 'managed' })
}

function isIdle(step: Step): boolean {
  return step.do === 'wait' || step.do === 'rest'
}

function processStep(facts: AdvanceFacts, now: number): Step {
  if (facts.closed) return { do: 'rest', because: 'closed' }
  if (facts.revocation !== null) return revocationStep(facts.revocation, now)
  const applying: Step =
    facts.application === null ? { do: 'rest', because: 'noApplication' } : applicationStep(facts.application, now)
  if (!isIdle(applying)) return applying
  const { managed } = facts
  if (managed !== null && managed.at <= now) return { do: managed.step }
  const waiting = managed === null ? applying : earlierOf(applying, { do: 'wait', until: managed.at, because: 'managed' })
  // Neither a reissue under way nor one that is planned stops installation and proof.
  return facts.issued ? earlierOf(installationStep(facts, now), waiting) : waiting
}

/** Nothing else is done with a certificate that is being revoked. */
function revocationStep({ retryAt }: NonNullable<AdvanceFacts['revocation']>, now: number): Step {
  return retryAt !== null && retryAt > now ? { do: 'wait', until: retryAt, because: 'revocation' } : { do: 'revoke' }
}

/** Of two that only wait, the one that wakes first. */
function earlierOf(step: Step, other: Step): Step {
  if (other.do !== 'wait' || (step.do !== 'wait' && step.do !== 'rest')) return step
  return step.do === 'wait' && step.until <= other.until ? step : other
}

function applicationStep(application: ApplicationFacts, now: number): Step {
  if (application.state === 'reviewFailed') return { do: 'rest', because: 'reviewFailed' }
  if (application.awaitsReview) return { do: 'rest', because: 'review' } // the decision wakes it
  if (application.retryAt !== null && application.retryAt > now)
    return { do: 'wait', until: application.retryAt, because: 'application' }
  if (!application.hasCsr) return { do: 'prepareCsr' }
  if (application.orderRef === null) return { do: 'placeOrder' }
  if (application.state === 'inReview') return { do: 'finalizeOrder' }
  if (application.answeredAt !== null) return { do: 'readOrder' }
  return application.proofPublishedAt === null ? { do: 'publishProof' } : { do: 'checkProof' }
}

/** Deploy everywhere, then probe: one failing target never stops another, nor the proof of what is installed by hand. */
function installationStep(facts: AdvanceFacts, now: number): Step {
  const deploying = deploymentStep(facts.deployments, now)
  if (deploying !== null) return deploying
  if (facts.servedAt !== null) return closingStep(facts)
  if (facts.endpointCount === 0) return restOrWait(facts, { do: 'rest', because: 'noEndpoints' })
  if (facts.probeDueAt !== null && facts.probeDueAt > now) return { do: 'wait', until: earliest(facts), because: 'proof' }
  return { do: 'probe' }
}

/** Null when nothing is to be done with a deployment now, and none is watched. */
function deploymentStep(deployments: readonly DeploymentFacts[], now: number): Step | null {
  const applied = deployments.filter(({ state }) => state === 'applied')
  const restoring = applied.find(({ isRestoring, retryAt }) => isRestoring === true && (retryAt === null || retryAt <= now))
  if (restoring !== undefined) return { do: 'restoreDeployment', deploymentId: restoring.id }
  const watched = applied.flatMap(({ id, check, isRestoring }) => (check && isRestoring !== true ? [{ id, ...check }] : []))
  const due = watched.find(({ at }) => at <= now)
  const open = deployments.filter((deployment) => isOpen(deployment) && !waitsForCanary(deployment, deployments))
  // What shared endpoints show tells of one target only while no other is touched, and some take minutes: those hold others up for a moment.
  const freeAt = Math.max(now, ...watched.flatMap(({ isOwn, aloneUntil }) => (isOwn ? [] : [aloneUntil])))
  const [ready, ...others] = freeAt <= now ? open.filter(({ retryAt }) => (retryAt ?? now) <= now) : []
  if (ready !== undefined) return { do: 'deploy', deploymentId: ready.id, alongside: others.map(({ id }) => id) }
  if (due !== undefined) return { do: 'checkDeployment', deploymentId: due.id }
  if (watched.length === 0) return null
  const times = [...watched.map(({ at }) => at), ...open.map(({ retryAt }) => Math.max(freeAt, retryAt ?? freeAt))]
  return { do: 'wait', until: Math.min(...times), because: 'deployment' }
}

/**
 * Whether another target that shows at the same endpoints is watched for longer than this one. What is bad may be its doing: it is judged first, and what is
 * bad then still is this one's.
 */
export function isJudgedAfterAnother(deployments: readonly DeploymentFacts[], id: string): boolean {
  const own = deployments.find((deployment) => deployment.id === id)?.check ?? null
  return deployments.some(({ id: otherId, state, check }) => {
    if (otherId === id || state !== 'applied' || own === null || check === null || check === undefined) return false
    return !check.isOwn && check.until > own.until
  })
}

function waitsForCanary({ isCanary }: DeploymentFacts, deployments: readonly DeploymentFacts[]): boolean {
  return isCanary !== true && deployments.some((other) => other.isCanary === true && other.state !== 'proved')
}

/** Will be tried by itself, now or at its time. */
function isOpen(deployment: DeploymentFacts): boolean {
  return deployment.state === 'planned' || (isFailed(deployment) && deployment.retryAt !== null)
}

function isFailed(deployment: DeploymentFacts): boolean {
  return deployment.state === 'failed' || deployment.state === 'rolledBack'
}

function closingStep(facts: AdvanceFacts): Step {
  const open = facts.renewal !== null && (facts.renewal.state === 'open' || facts.renewal.state === 'attention')
  return open ? { do: 'closeRenewal' } : restOrWait(facts, { do: 'rest', because: 'served' })
}

/** A deployment that waits for its next try keeps the certificate awake. */
function restOrWait(facts: AdvanceFacts, rest: Step): Step {
  const until = nextDeploymentAt(facts)
  return until === null ? rest : { do: 'wait', until, because: 'deployment' }
}

function isUnderWay(deployment: DeploymentFacts): boolean {
  return (
    isFailed(deployment) || deployment.state === 'planned' || (deployment.state === 'applied' && deployment.isRestoring === true)
  )
}

function nextDeploymentAt(facts: AdvanceFacts): number | null {
  const times = facts.deployments.flatMap((deployment) =>
    deployment.retryAt !== null && isUnderWay(deployment) && !waitsForCanary(deployment, facts.deployments)
      ? [deployment.retryAt]
      : [],
  )
  return times.length === 0 ? null : Math.min(...times)
}

function earliest(facts: AdvanceFacts): number {
  return Math.min(facts.probeDueAt ?? Number.POSITIVE_INFINITY, nextDeploymentAt(facts) ?? Number.POSITIVE_INFINITY)
}
