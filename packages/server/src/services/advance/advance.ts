/**
 * Brings one certificate as far as it gets: load the facts, ask for the next step, do one effect, record it, and again, until it must
 * wait. May run any number of times, after any crash.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeadlock } from '../../db/later.ts'
import { nextStep, type DeploymentEffect, type Effect, type Step } from '../../domain/certificate/next-step.ts'
import { AppError } from '../../domain/errors.ts'
import type { Services } from '../context.ts'
import { loadWork, type Work } from './facts.ts'
import { checkDeployment } from './check-deployment.ts'
import { deploy } from './deploy-effects.ts'
import { finalizeOrder } from './finalize-effects.ts'
import { applyManaged, renewManaged } from './managed-effects.ts'
import { placeOrder, prepareCsr } from './order-effects.ts'
import { SITES } from './places.ts'
import { closeRenewal, probe } from './proof-effects.ts'
import { restoreDeployment } from './restore-deployment.ts'
import { askRenewalInfo } from './renewal-info.ts'
import { revoke } from './revocation-effects.ts'
import { recordFailure } from './record-failure.ts'
import { publishProof, removeTxtRecords } from './txt-records.ts'
import { answerProof, readOrder } from './validation-effects.ts'

/** More effects than any certificate needs in one go: a loop that makes no progress ends here and waits for the scan. */
const MAX_EFFECTS = 60
/** Shorter waits are spent here; longer ones are the scan's. */
const WAIT_IN_PLACE_MS = 2500

type Run = (services: Services, work: Work, signal: AbortSignal) => Promise<void>

const EFFECTS: Readonly<Record<Exclude<Effect, DeploymentEffect>, Run>> = {
  prepareCsr,
  placeOrder,
  publishProof,
  checkProof: answerProof,
  readOrder,
  finalizeOrder,
  probe: (services, work) => services.places.visit().at(SITES, () => probe(services, work)),
  closeRenewal,
  revoke,
  removeTxtRecords,
  renewManaged,
  applyManaged,
  askRenewalInfo,
}

type RunDeployment = (services: Services, work: Work, deploymentId: string) => Promise<void>

const DEPLOYMENT_EFFECTS: Readonly<Record<Exclude<DeploymentEffect, 'deploy'>, RunDeployment>> = {
  checkDeployment,
  restoreDeployment,
}

/** The job that it is run for. */
export interface AdvanceRun {
  readonly jobId?: string
  /** Called when it is known what is done with it. */
  readonly onBegun?: () => void
  /** Called when another node goes on with the job: it is not ended here. */
  readonly onLeft?: () => void
}

/**
 * @param signal aborted when the service stops: the certificate is left as recorded, and goes on at the next start
 */
export async function advanceCertificate(
  services: Services,
  certificateId: string,
  signal: AbortSignal,
  job: AdvanceRun = {},
): Promise<void> {
  for (let effects = 0; effects < MAX_EFFECTS && !signal.aborted; effects += 1) {
    const work = await loadWork(services, certificateId)
    if (work === null) return
    const step = nextStep(work.facts, services.now())
    if (step.do === 'wait' && step.until - services.now() <= WAIT_IN_PLACE_MS) {
      await sleep(Math.max(0, step.until - services.now()), undefined, { signal }).catch(() => {}) // aborted: the loop ends
      continue
    }
    if (step.do === 'rest' || step.do === 'wait') return sleepUntil(services, work, step)
    if ((await perform(services, work, step, { signal, job })) === 'leftToAnother') return job.onLeft?.()
  }
  if (!signal.aborted) services.log.error({ event: 'certificate.noProgress', certificateId })
}

/** By compare-and-set: who woke the certificate meanwhile must find it due, should the new job die. */
async function sleepUntil(services: Services, work: Work, step: Step): Promise<void> {
  if (work.advanceAt === null) return
  const until = step.do === 'wait' ? new Date(step.until) : null
  await services.db
    .updateTable('certificate')
    .set({ advance_at: until })
    .where('id', '=', work.certificateId)
    .where('advance_at', '=', new Date(work.advanceAt))
    .execute()
}

async function perform(
  services: Services,
  work: Work,
  step: Exclude<Step, { do: 'wait' | 'rest' }>,
  { signal, job }: { readonly signal: AbortSignal; readonly job: AdvanceRun },
): Promise<'done' | 'leftToAnother'> {
  const onBegun = () => job.onBegun?.()
  if (step.do !== 'deploy') onBegun()
  services.onStep(step.do, 'intended')
  try {
    if (step.do === 'deploy') {
      const ids = [step.deploymentId, ...step.alongside] as const
      if ((await deploy(services, work, ids, { jobId: job.jobId, onBegun })) === 'leftToAnother') return 'leftToAnother'
    } else if ('deploymentId' in step) await DEPLOYMENT_EFFECTS[step.do](services, work, step.deploymentId)
    else await EFFECTS[step.do](services, work, signal)
  } catch (error) {
    if (signal.aborted) return 'done'
    if ((error instanceof AppError && error.stale) || isDeadlock(error)) return 'done' // somebody else changed the facts: look again
    services.log.warn({ event: 'certificate.stepFailed', certificateId: work.certificateId, step: step.do, error })
    await recordFailure(services, work, error)
    return 'done'
  }
  services.onStep(step.do, 'recorded')
  return 'done'
}
