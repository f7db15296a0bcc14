/**
 * Walks a renewal to its end: load, decide, do one thing, again.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplicationView, CertificateDetail, OrderRequest, OrderView, QuoteView, TargetView } from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import { failure, Interrupted } from '../failure.ts'
import { formatInstant } from '../format.ts'
import type { Say } from '../language.ts'
import { clean, cleanLines } from '../output.ts'
import type { Progress, StepName } from '../progress.ts'
import { wordFor } from '../words.ts'
import { decideStep, retriedTargets, type Phase, type RenewalFacts, type Step } from './decide-step.ts'
import { loadFacts, loadOrderKey, paymentKey } from './load-facts.ts'

export interface WalkOptions {
  readonly client: Client
  /** Where the service was called, for links that it gives without a host. */
  readonly serviceUrl: string
  readonly oldId: string
  /** What the user changed, with what nobody else knows; empty = exactly the old configuration. Called before the offer. */
  readonly completeOrder: (
    old: CertificateDetail,
  ) => Promise<Pick<OrderRequest, 'productId' | 'termYears' | 'domainCount' | 'currency' | 'promotionCode'>>
  /** Completes the form that is prefilled; called before it is submitted. */
  readonly completeForm: (application: ApplicationView, old: CertificateDetail) => Promise<Form>
  /** What the options say of it: told when an application that was submitted already is another. */
  readonly wantedMethod: Form['validationMethod'] | null
  readonly progress: Progress
  readonly say: Say
  /** Shows the offer and asks; resolves false when the user declines. Called before money is spent. */
  readonly confirm: (offer: { readonly quote: QuoteView | null; readonly order: OrderView | null }) => Promise<boolean>
  /** Aborted when the user breaks off. */
  readonly signal: AbortSignal
  /** How long to wait for others at most, milliseconds; null = for ever. */
  readonly timeoutMs: number | null
  readonly pollMs?: number
}

export type WalkResult =
  | { readonly result: 'served'; readonly facts: RenewalFacts }
  | { readonly result: 'refused'; readonly facts: RenewalFacts }
  | { readonly result: 'declined'; readonly facts: RenewalFacts }

type Form = Omit<Parameters<Client['applications']['submit']>[0], 'id'>
type ValidationView = ApplicationView['validations'][number]

interface Walk extends WalkOptions {
  readonly deadline: number
  readonly shown: Set<string>
  applied: boolean
  deployed: boolean
  probed: boolean
  confirmed: boolean
}

const POLL_MS = 700
/** Asking the service more often to look at a validation would only make the CA count failures. */
const CHECK_EVERY_MS = 15_000

/**
 * @throws Interrupted when the signal is aborted; what was begun goes on in the service
 * @throws CliFailure when the renewal needs a person, `timedOut` after `timeoutMs`
 */
export async function walkRenewal(options: WalkOptions): Promise<WalkResult> {
  const deadline = options.timeoutMs === null ? Number.POSITIVE_INFINITY : performance.now() + options.timeoutMs
  const walk: Walk = { ...options, deadline, shown: new Set(), applied: false, deployed: false, probed: false, confirmed: false }
  for (;;) {
    if (walk.signal.aborted) throw new Interrupted('interrupted')
    const facts = await loadFacts(walk.client, walk.oldId)
    const step = decideStep(facts, walk)
    const result = await perform(walk, step, facts)
    if (result !== null) return { result, facts }
  }
}

async function perform(walk: Walk, step: Step, facts: RenewalFacts): Promise<WalkResult['result'] | null> {
  switch (step.do) {
    case 'done':
      walk.progress.end()
      return 'served'
    case 'refuse':
      return 'refused'
    case 'order':
      return (await placeOrder(walk, facts.old)) ? null : 'declined'
    case 'pay':
      return (await pay(walk, step.order)) ? null : 'declined'
    case 'apply':
      walk.applied = true
      await submitApplication(walk, step.application, facts.old)
      return null
    case 'probe':
      walk.probed = true
      walk.progress.begin(stepName(walk.say, 'proof'))
      await walk.client.certificates.verify({ id: step.certificate.id })
      return null
    case 'deploy':
      walk.deployed = true
      await deployAgain(walk, step.targets)
      return null
    case 'wait':
      walk.deployed = true
      await wait(walk, step.phase, facts)
      return null
    case 'stop':
      return stop(walk, step)
  }
}

function stop({ progress, say }: Walk, { code, detail, phase, cause, remedy }: Extract<Step, { do: 'stop' }>): never {
  if (phase !== undefined) progress.begin(stepName(say, phase))
  progress.end('failed')
  throw failure(code, detail, { ...(cause && { cause }), ...(remedy && { remedy }) })
}

/** Says so. What cannot be deployed again is told with the failure of before. */
async function deployAgain({ client, progress, say }: Walk, targets: readonly TargetView[]): Promise<void> {
  progress.begin(stepName(say, 'installation'))
  for (const { id, name } of targets) {
    progress.note(say(`Deploying again to "${clean(name)}", where it failed before.`, `重新部署到“${clean(name)}”（此前失败）。`))
    try {
      await client.targets.deploy({ id })
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      progress.note(clean(error.problem.detail))
    }
  }
}

async function placeOrder(walk: Walk, old: CertificateDetail): Promise<boolean> {
  const { client, oldId, progress, say } = walk
  const request = { renewsCertificateId: oldId, ...(await walk.completeOrder(old)) }
  const quote = await progress.step(stepName(say, 'quote'), () => client.quotes.create(request))
  walk.confirmed = await walk.confirm({ quote, order: null })
  if (!walk.confirmed) return false
  const idempotencyKey = await loadOrderKey(client, oldId)
  await progress.step(stepName(say, 'order'), () =>
    client.orders.place(
      { ...request, currency: quote.price.currency, expectedAmountMinor: quote.price.amountMinor },
      { context: { idempotencyKey } },
    ),
  )
  return true
}

async function pay(walk: Walk, order: OrderView): Promise<boolean> {
  // An order from an earlier run: its price was perhaps never seen by the one who runs this.
  walk.confirmed ||= await walk.confirm({ quote: null, order })
  if (!walk.confirmed) return false
  const context = { idempotencyKey: paymentKey(order.id) }
  await walk.progress.step(stepName(walk.say, 'payment'), () =>
    walk.client.orders.pay({ id: order.id, method: 'balance' }, { context }),
  )
  return true
}

async function submitApplication(walk: Walk, application: ApplicationView, old: CertificateDetail): Promise<void> {
  const { client, progress, say } = walk
  const form = await walk.completeForm(application, old)
  await progress.step(stepName(say, 'application'), async () => {
    if (application.problem !== null) progress.note(clean(application.problem.detail))
    progress.note(`${form.domains.map((domain) => clean(domain)).join(', ')}  ·  ${methodWord(form.validationMethod, say)}`)
    try {
      await client.applications.submit({ id: application.certificateId, ...form })
    } catch (error) {
      // Submitted by an earlier run whose answer was lost, or by somebody else: the next look says how it stands.
      if (!(error instanceof ApiProblem && error.problem.code === 'conflict')) throw error
      progress.note(clean(error.problem.detail))
    }
  })
}

function methodWord(method: Form['validationMethod'], say: Say): string {
  return say(wordFor('validationMethod', method, 'en'), wordFor('validationMethod', method, 'zh'))
}

async function wait(walk: Walk, phase: Phase, facts: RenewalFacts): Promise<void> {
  walk.progress.begin(stepName(walk.say, phase))
  if (phase === 'validation' && facts.application !== null) {
    showOtherMethod(walk, facts.application)
    showValidations(walk, facts.application.validations)
  }
  if (phase === 'validation' && facts.fresh !== null) await checkValidation(walk, facts.fresh.id)
  if (phase === 'installation' && facts.fresh !== null && facts.fresh.targets.length + facts.old.targets.length === 0) {
    showOnce(walk, 'manual', [
      walk.say('Install it on the server by hand; it is probed meanwhile.', '请在服务器上手动安装；系统会持续探测。'),
    ])
  }
  for (const target of retriedTargets(facts)) showRetry(walk, target)
  walk.progress.hint(clean(facts.fresh === null ? '' : walk.say(facts.fresh.nextStep.text.en, facts.fresh.nextStep.text.zh)))
  if (performance.now() > walk.deadline) throw outOfTime(walk, phase)
  await sleep(walk.pollMs ?? POLL_MS, undefined, { signal: walk.signal }).catch(() => {
    throw new Interrupted('interrupted')
  })
}

const lastChecks = new WeakMap<Walk, number>()

/** Asks for a look now and then: a file or record that a person puts in place is then seen soon. */
async function checkValidation(walk: Walk, id: string): Promise<void> {
  const now = performance.now()
  const last = lastChecks.get(walk)
  lastChecks.set(walk, last ?? now)
  if (last === undefined || now - last < CHECK_EVERY_MS) return
  lastChecks.set(walk, now)
  try {
    await walk.client.applications.check({ id })
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error // a state that went on meanwhile: the next look says so
  }
}

/** An application that an earlier run submitted goes on as it is: the options of this one are not silently dropped. */
function showOtherMethod(walk: Walk, { certificateId, form }: ApplicationView): void {
  const { wantedMethod, say } = walk
  if (wantedMethod === null || wantedMethod === form.validationMethod) return
  const method = methodWord(form.validationMethod, say)
  showOnce(walk, 'method', [
    say(
      `It was submitted before, with ${method}. To change that: evercert apply ${certificateId} --withdraw, and run this again.`,
      `申请此前已提交，使用${method}。如需更改：evercert apply ${certificateId} --withdraw，然后重新运行。`,
    ),
  ])
}

function showValidations(walk: Walk, validations: readonly ValidationView[]): void {
  for (const validation of validations) {
    showOnce(walk, `${validation.location} ${validation.content}`, describeValidation(validation, walk))
    if (validation.problem !== null) showOnce(walk, validation.problem, [clean(validation.problem)])
  }
}

/** What the CA looks for, and where: the file's URL and content, or the DNS record. */
export function describeValidation(
  { method, location, content, domain, forwardTo }: ValidationView,
  { say, serviceUrl }: Pick<Walk, 'say' | 'serviceUrl'>,
): string[] {
  if (method === 'dns')
    return [
      say(`DNS record for ${clean(domain)}:`, `${clean(domain)} 的 DNS 记录：`),
      `  ${clean(location)}  TXT  "${clean(content)}"`,
    ]
  const [first = '', ...more] = cleanLines(content)
  return [
    say(`File for ${clean(domain)}:`, `${clean(domain)} 的验证文件：`),
    `  ${clean(location)}`,
    `  ${first}`,
    ...more.filter(Boolean).map((line) => `  ${line}`),
    ...(forwardTo === null ? [] : [`  ${forwardingText(new URL(forwardTo, serviceUrl), say)}`]),
  ]
}

/** In place of a copied file. Each account has its own path, so that its sites answer for nobody else. */
export function forwardingText({ href }: URL, say: Say): string {
  return say(
    `or forward /.well-known/ of the site to ${clean(href)} (with the Host header)`,
    `或将站点的 /.well-known/ 转发至 ${clean(href)}（保留 Host 头）`,
  )
}

/** Told at each failure that the service mends by itself, perhaps. */
function showRetry(walk: Walk, { id, name, deployment }: TargetView): void {
  const [at, problem] = [deployment?.retryAt ?? null, clean(deployment?.problem ?? '')]
  const said = `${clean(name)}: ${problem}`
  const when = formatInstant(at)
  showOnce(walk, `retry ${id} ${when}`, [
    walk.say(`Not deployed to ${said}`, `未能部署到 ${said}`),
    walk.say(`It is tried again by itself at ${when}.`, `系统将于 ${when} 自动重试。`),
  ])
}

function showOnce({ shown, progress }: Walk, key: string, lines: readonly string[]): void {
  if (shown.has(key)) return
  shown.add(key)
  progress.note(...lines)
}

function outOfTime({ progress, oldId }: Walk, phase: Phase): Error {
  progress.end('stopped')
  return failure('timedOut', 'Waiting for the renewal: it is not finished within --timeout: run the command again to go on.', {
    facts: { phase, command: `evercert renew ${oldId}` },
    cause: { en: 'The renewal is not finished yet; it goes on in the service.', zh: '续费尚未完成，服务会继续处理。' },
    remedy: { en: 'Run the same command again to see how it stands.', zh: '再次运行相同命令即可查看进度。' },
  })
}

export function stepName(say: Say, name: Phase | 'quote' | 'order'): StepName {
  const labels = {
    quote: say('Quote', '询价'),
    order: say('Order', '下单'),
    payment: say('Payment from the balance', '余额支付'),
    application: say('Application submitted', '提交申请'),
    validation: say('Validation by the CA', 'CA 域名验证'),
    issuance: say('Issuance', '签发'),
    installation: say('Installation', '安装'),
    proof: say('Proof at every address', '逐地址验证'),
  }
  return { name, label: labels[name] }
}
