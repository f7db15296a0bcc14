/**
 * Where a renewal is and what to do next, decided from what the service says and nothing else: the command keeps no state, so it can be
 * interrupted anywhere and started again on any machine.
 *
 * @module
 */
import {
  PROBLEM_TEXTS,
  type ApplicationView,
  type Bilingual,
  type CertificateDetail,
  type EndpointView,
  type OrderView,
  type ProblemCode,
  type RenewalView,
  type TargetView,
} from '@evercert/contract'
import { inTheirWords } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { wordFor } from '../words.ts'

export interface RenewalFacts {
  /** The certificate that is renewed. */
  readonly old: CertificateDetail
  /** The renewal in progress or closed; null before the order and after a cancelled one. */
  readonly renewal: RenewalView | null
  readonly order: OrderView | null
  /** The certificate that takes its place; null until the order is paid. */
  readonly fresh: CertificateDetail | null
  readonly application: ApplicationView | null
}

export type Phase = 'payment' | 'application' | 'validation' | 'issuance' | 'installation' | 'proof'

export type Step =
  /** Not now; the reasons are in `old.renewal`. */
  | { readonly do: 'refuse' }
  | { readonly do: 'order' }
  | { readonly do: 'pay'; readonly order: OrderView }
  | { readonly do: 'apply'; readonly certificate: CertificateDetail; readonly application: ApplicationView }
  /** Something is up to others. */
  | { readonly do: 'wait'; readonly phase: Phase }
  /** A renewal that waits for a person: probing again tells the service that the person acted. */
  | { readonly do: 'probe'; readonly certificate: CertificateDetail }
  /** What failed before this run: whoever runs the command again mended it. */
  | { readonly do: 'deploy'; readonly targets: readonly TargetView[] }
  | {
      readonly do: 'stop'
      readonly code: ProblemCode
      readonly detail: Bilingual
      /** Null: what the code says. */
      readonly cause?: Bilingual | null
      readonly remedy: Bilingual | null
      /** What cannot be done; default: what was under way. */
      readonly phase?: Phase
    }
  | { readonly do: 'done' }

/**
 * What this run did already: a refusal by the CA, a failed deployment or a failed proof is tried once more for each run of the command, not for
 * ever.
 */
export interface Attempts {
  readonly applied: boolean
  /** Also when this run waited: what fails while it watches is told, and not tried again. */
  readonly deployed: boolean
  readonly probed: boolean
}

export function decideStep(facts: RenewalFacts, attempts: Attempts): Step {
  const { old, renewal, order, fresh } = facts
  if (renewal?.state === 'closed') return { do: 'done' }
  if (order?.state === 'placed') return { do: 'pay', order }
  if (renewal === null || renewal.state === 'cancelled') return old.renewal.eligible ? { do: 'order' } : { do: 'refuse' }
  if (order !== null && order.state !== 'paid')
    return stopped({
      en: `The order ${order.id} is ${order.state}`,
      zh: `订单 ${order.id}：${wordFor('order', order.state, 'zh')}`,
    })
  if (fresh === null || facts.application === null) return { do: 'wait', phase: 'payment' }
  return fresh.sha256 === null
    ? decideApplication(fresh, facts.application, attempts)
    : decideInstallation(fresh, { ...facts, renewal }, attempts)
}

function decideApplication(certificate: CertificateDetail, application: ApplicationView, attempts: Attempts): Step {
  switch (application.state) {
    case 'draft':
    case 'withdrawn':
      return { do: 'apply', certificate, application }
    case 'reviewFailed':
      return attempts.applied ? refusedByCa(application) : { do: 'apply', certificate, application }
    case 'pendingValidation':
      return { do: 'wait', phase: 'validation' }
    case 'inReview':
    case 'issued':
      return { do: 'wait', phase: 'issuance' }
  }
}

function refusedByCa({ problem }: ApplicationView): Step {
  if (problem !== null) return { do: 'stop', code: problem.code, detail: inTheirWords(problem.detail), remedy: problem.remedy }
  return {
    do: 'stop',
    code: 'caRejected',
    detail: { en: 'The CA refused the application.', zh: 'CA 拒绝了证书申请。' },
    remedy: null,
  }
}

function decideInstallation(
  fresh: CertificateDetail,
  { old, renewal }: RenewalFacts & { readonly renewal: RenewalView },
  attempts: Attempts,
): Step {
  const targets = targetsOf(fresh, old)
  const failed = targets.filter((target) => hasFailed(target, fresh))
  if (failed.length > 0 && !attempts.deployed) return { do: 'deploy', targets: failed }
  const [over] = failed.filter((target) => !isTriedSoon(target))
  const isUnderWay = targets.some(
    (target) => isBeingInstalled(target, fresh) || (hasFailed(target, fresh) && isTriedSoon(target)),
  )
  // What failed here may be served all the same, installed by hand or by another target.
  if (over !== undefined && !isUnderWay && isLookedAtSince(over, [...fresh.endpoints, ...old.endpoints]))
    return notInstalled(over, old)
  if (renewal.state === 'attention' && !isUnderWay)
    return attempts.probed ? needsPerson(fresh, old) : { do: 'probe', certificate: fresh }
  if (targets.length === 0 && fresh.endpoints.length + old.endpoints.length === 0) return nowhereServed(fresh)
  return { do: 'wait', phase: targets.every((target) => isInstalled(target, fresh)) ? 'proof' : 'installation' }
}

/** The targets of both: they go over to the new certificate when it is issued. */
function targetsOf(fresh: CertificateDetail, old: CertificateDetail): readonly TargetView[] {
  const own = new Set(fresh.targets.map(({ id }) => id))
  return [...fresh.targets, ...old.targets.filter(({ id }) => !own.has(id))]
}

function isInstalled({ deployment }: TargetView, fresh: CertificateDetail): boolean {
  return deployment?.issuanceSha256 === fresh.sha256 && (deployment.state === 'applied' || deployment.state === 'proved')
}

function hasFailed({ deployment }: TargetView, fresh: CertificateDetail): boolean {
  return deployment?.issuanceSha256 === fresh.sha256 && (deployment.state === 'failed' || deployment.state === 'rolledBack')
}

/** Not one that waits for a canary: it begins when that one is proved, and never when that one failed. */
function isBeingInstalled({ deployment }: TargetView, fresh: CertificateDetail): boolean {
  return deployment?.issuanceSha256 === fresh.sha256 && deployment.underWay && deployment.unprovable === null
}

/** A server that restarts is back by then. Longer waits the service does alone. */
const WORTH_WAITING_MS = 60_000

/** Tried again by itself, so soon after it failed that waiting for it makes sense. */
function isTriedSoon({ deployment }: TargetView): boolean {
  if (deployment === null || deployment.retryAt === null) return false
  return Date.parse(deployment.retryAt) - Date.parse(deployment.updatedAt) <= WORTH_WAITING_MS
}

/** What failed and is waited for. */
export function retriedTargets({ old, fresh }: RenewalFacts): readonly TargetView[] {
  return fresh === null ? [] : targetsOf(fresh, old).filter((target) => hasFailed(target, fresh) && isTriedSoon(target))
}

function isLookedAtSince({ deployment }: TargetView, endpoints: readonly EndpointView[]): boolean {
  const failedAt = Date.parse(deployment?.updatedAt ?? '')
  return endpoints.every(({ probedAt }) => probedAt !== null && Date.parse(probedAt) >= failedAt)
}

function needsPerson(fresh: CertificateDetail, old: CertificateDetail): Step {
  const failed = targetsOf(fresh, old).find(({ deployment }) => deployment !== null && deployment.problem !== null)
  if (failed !== undefined) return notInstalled(failed, old)
  const wrong = [...fresh.endpoints, ...old.endpoints]
    .flatMap(({ observations }) => observations)
    .find(({ verdict }) => verdict !== 'served')
  if (wrong === undefined) return stopped(fresh.nextStep.text)
  const detail = {
    en: `Proving the new certificate at ${wrong.address}: ${wrong.verdict}. ${wrong.cause.en}`,
    zh: `验证 ${wrong.address} 的新证书：${wrong.cause.zh}`,
  }
  return { do: 'stop', code: 'verificationFailed', detail, remedy: wrong.remedy }
}

function notInstalled(target: TargetView, old: CertificateDetail): Step {
  const problem = target.deployment?.problem ?? ''
  const detail = {
    en: `Installing the new certificate on "${target.name}": ${problem === '' ? 'failed' : problem}`,
    zh: `将新证书安装到“${target.name}”：${problem === '' ? '失败' : problem}`,
  }
  return { do: 'stop', code: 'deployRefused', detail, ...howToDeployAgain(target, old) }
}

/** What is known of the fault, then the command that goes on when it is mended. */
function howToDeployAgain({ id, name, deployment }: TargetView, old: CertificateDetail) {
  const { cause, remedy } = deployment?.advice ?? { cause: null, remedy: PROBLEM_TEXTS.deployRefused.remedy }
  const [again, alone] = [`evercert renew ${old.id}`, `evercert targets deploy ${/^[\w.-]+$/.test(name) ? name : id}`]
  const retryAt = deployment?.retryAt ?? null
  const byItself =
    retryAt === null
      ? { en: '', zh: '' }
      : {
          en: ` The service tries again by itself at ${formatInstant(retryAt)}.`,
          zh: `系统将于 ${formatInstant(retryAt)} 自动重试。`,
        }
  return {
    cause,
    remedy: {
      en: `${remedy.en} Then run "${again}": it deploys there again and waits for the proof ("${alone}" only deploys).${byItself.en}`,
      zh: `${remedy.zh}然后运行 “${again}”：重新部署并等待验证（“${alone}” 仅重新部署）。${byItself.zh}`,
    },
  }
}

function nowhereServed(fresh: CertificateDetail): Step {
  return {
    do: 'stop',
    code: 'misconfigured',
    phase: 'proof',
    detail: {
      en: `Proving the new certificate ${fresh.id}: it is issued, but neither a target nor an endpoint says where it is served.`,
      zh: `验证新证书 ${fresh.id}：已签发，但没有站点或部署目标。`,
    },
    cause: {
      en: 'The new certificate is issued. Nothing says where it is served, so nothing can be proved.',
      zh: '新证书已签发，但没有站点或部署目标，无法安装，也无法证明其已生效。',
    },
    remedy: {
      en: 'Add an endpoint (evercert endpoints add) and, to have it installed, a target (evercert targets add); then run this again.',
      zh: '请添加站点（evercert endpoints add），如需自动安装再添加部署目标（evercert targets add），然后重新运行。',
    },
  }
}

function stopped(detail: Bilingual): Step {
  return { do: 'stop', code: 'conflict', detail, remedy: null }
}
