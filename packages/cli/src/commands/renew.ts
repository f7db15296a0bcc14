/**
 * `evercert renew`: walks one renewal to the proof that the new certificate is served. Can be interrupted and run again.
 *
 * @module
 */
import { countOf, type CertificateDetail, type OrderView, type QuoteView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { failure, Interrupted, problemJson, wrongUsage } from '../failure.ts'
import { findCertificate } from '../find-certificate.ts'
import { formatInstant, formatMoney } from '../format.ts'
import { pick } from '../language.ts'
import { clean, formatFacts } from '../output.ts'
import { createProgress, progressStream, type Progress } from '../progress.ts'
import type { RenewalFacts } from '../renewal/decide-step.ts'
import { askMethod } from '../renewal/choose-method.ts'
import { withProduct } from '../renewal/choose-product.ts'
import { findOld } from '../renewal/load-facts.ts'
import { walkRenewal, type WalkOptions, type WalkResult } from '../renewal/walk.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'
import { fromOptions, mergeForms } from './apply.ts'
import { formatEndpoints, formatSpecification } from './show.ts'

export interface RenewOptions {
  readonly yes?: boolean
  readonly product?: string
  readonly term?: string
  readonly currency?: string
  readonly code?: string
  readonly timeout?: string
  readonly validation?: string
  readonly dnsConnection?: string
  /** Shows the offer and buys nothing. */
  readonly quote?: boolean
}

/** What a script can tell apart. */
export const EXIT = { served: 0, failed: 1, notDue: 2, interrupted: 130 } as const

export async function renewCommand(session: Session, wanted: string, options: RenewOptions): Promise<number> {
  const changes = changesOf(options)
  const method = await fromOptions({ validation: options.validation, dnsConnection: options.dnsConnection })
  const timeoutMs = options.timeout === undefined ? null : parseTimeout(options.timeout)
  const progress = createProgress({ stream: progressStream(session, session.shell.stdout), env: session.shell.env })
  const interruption = new AbortController()
  const interrupted = whenAborted(interruption.signal)
  const release = session.shell.onInterrupt(() => interruption.abort())
  let named = wanted
  try {
    const [client, { url: serviceUrl }] = [await session.client(), await session.connection()]
    const old = await Promise.race([findMeant(client, wanted), interrupted])
    if (options.quote === true) return await Promise.race([showQuote(session, client, old, changes), interrupted])
    named = old.id
    const walk = walkRenewal({
      client,
      serviceUrl,
      oldId: old.id,
      completeOrder: (seen) => withProduct(session, client, seen, changes, interruption.signal),
      completeForm: async (application, seen) => {
        const isSaid = Object.keys(method).length > 0 || options.yes === true
        const asked = isSaid ? {} : await askMethod(session, client, { application, old: seen }, interruption.signal)
        return mergeForms(application, asked, method)
      },
      wantedMethod: method.validationMethod ?? null,
      progress,
      say: session.say,
      confirm: (offer) => confirmOffer(session, offer, { ...options, signal: interruption.signal }),
      signal: interruption.signal,
      timeoutMs,
    })
    return report(session, await Promise.race([walk, interrupted]), progress)
  } catch (error) {
    progress.end(error instanceof Interrupted ? 'stopped' : 'failed')
    if (!(error instanceof Interrupted)) throw error
    return reportInterruption(session, named)
  } finally {
    release()
  }
}

async function findMeant(client: Client, wanted: string): Promise<CertificateDetail> {
  return findOld(client, await findCertificate(client, wanted))
}

async function showQuote(session: Session, client: Client, old: CertificateDetail, changes: Changes): Promise<number> {
  const completed = await withProduct(session, client, old, changes)
  const quote = await client.quotes.create({ renewsCertificateId: old.id, ...completed })
  session.document(quote)
  session.print(...formatQuote(session, quote))
  return 0
}

/** Also breaks off while a request is under way: whatever it does is found again by the next run, and done once. */
function whenAborted(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Interrupted('interrupted')), { once: true })
  })
  aborted.catch(() => undefined) // perhaps nobody waits for it just then
  return aborted
}

type Changes = Awaited<ReturnType<WalkOptions['completeOrder']>>

function changesOf(options: RenewOptions): Changes {
  const { product, term, currency, code } = options
  return {
    ...(product === undefined ? {} : { productId: product }),
    ...(term === undefined ? {} : { termYears: parseTerm(term) }),
    ...(currency === undefined ? {} : { currency: currency.toUpperCase() }),
    ...(code === undefined ? {} : { promotionCode: code }),
  }
}

/** @throws CliFailure `invalid` */
export function parseTerm(text: string): number {
  if (/^[1-3]$/.test(text)) return Number(text)
  throw wrongUsage(
    'invalid',
    { en: `Reading --term: "${text}" is not 1, 2 or 3 years.`, zh: `读取 --term：“${text}” 无效。` },
    {
      cause: { en: 'The term is not a number of years from 1 to 3.', zh: '年限不是 1 到 3 之间的整数。' },
      remedy: { en: 'Give --term 1, 2 or 3, or leave it out.', zh: '请使用 --term 1、2 或 3，或省略。' },
    },
  )
}

/** @throws CliFailure `invalid` */
function parseTimeout(text: string): number {
  if (/^[0-9]{1,7}$/.test(text)) return Number(text) * 1000
  throw wrongUsage(
    'invalid',
    { en: `Reading --timeout: "${text}" is no number of seconds.`, zh: `读取 --timeout：“${text}” 无效。` },
    {
      cause: { en: 'The time-out is no whole number of seconds.', zh: '超时时间不是整数秒。' },
      remedy: { en: 'Give seconds, such as --timeout 600.', zh: '请填写秒数，如 --timeout 600。' },
    },
  )
}

interface Offer {
  readonly quote: QuoteView | null
  readonly order: OrderView | null
}

async function confirmOffer(
  session: Session,
  { quote, order }: Offer,
  options: RenewOptions & { readonly signal: AbortSignal },
): Promise<boolean> {
  const { say } = session
  if (quote !== null) session.print(...formatQuote(session, quote))
  if (order !== null) session.print(...formatOpenOrder(session, order))
  if (options.yes === true) return true
  if (!session.shell.interactive || session.json) throw nobodyToAsk()
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({
    message: quote === null ? say('Pay this order?', '支付该订单？') : say('Confirm and renew?', '确认续费？'),
    active: say('Yes', '是'),
    inactive: say('No', '否'),
    signal: options.signal, // an interruption from outside must not leave the question open, and the terminal raw
  })
  if (isCancel(answer)) throw new Interrupted('cancelled')
  return answer
}

function nobodyToAsk(): Error {
  return failure('invalid', 'Asking for confirmation: there is no terminal to ask at: add --yes to agree beforehand.', {
    cause: { en: 'A renewal costs money and nobody can be asked here.', zh: '续费会产生费用，而此处无法询问确认。' },
    remedy: { en: 'Add --yes to agree beforehand.', zh: '请加 --yes 以预先确认。' },
  })
}

/** The offer: what it costs, until when it lasts, and what a changed specification loses. */
export function formatQuote(session: Session, quote: QuoteView): string[] {
  const { say, paint, language } = session
  const { topUp } = quote
  const specification = formatSpecification(session, quote.specification)
  const until =
    topUp.shortfallDays === 0
      ? formatInstant(topUp.certificateUntil)
      : say(
          `${formatInstant(topUp.certificateUntil)}, then ${countOf(topUp.shortfallDays, 'day')} by reissues at no charge`,
          `${formatInstant(topUp.certificateUntil)}，其余 ${topUp.shortfallDays} 天免费重签`,
        )
  const facts = formatFacts(
    [
      [say('Specification', '规格'), `${specification} (${sameText(session, quote)})`],
      [
        say('Term', '年限'),
        say(
          `${countOf(quote.termYears, 'year')}, ${countOf(quote.domainCount, 'domain')}`,
          `${quote.termYears} 年，${quote.domainCount} 个域名`,
        ),
      ],
      [say('Topped up', '补齐天数'), say(countOf(topUp.days, 'day'), `${topUp.days} 天`)],
      [say('Paid until', '服务期至'), formatInstant(topUp.entitledUntil)],
      [say('Certificate until', '证书到期'), until],
      ...discountFacts(session, quote),
      [say('Price', '价格'), formatMoney(quote.price)],
      [say('Usually takes', '预计用时'), pick(quote.estimate, language)],
    ],
    paint,
  )
  return [
    ...facts.map((line) => `  ${line}`),
    ...comparisonLines(session, quote),
    ...lostLines(session, quote),
    ...lossWarning(session, quote),
  ]
}

/** What is taken off the list price, and why. */
function discountFacts({ say, language }: Session, { listPrice, discount }: QuoteView): (readonly [string, string])[] {
  if (discount === null) return []
  const percent = discount.percent === null ? '' : ` (${discount.percent} %)`
  return [
    [say('List price', '原价'), formatMoney(listPrice)],
    [say('Taken off', '优惠'), `${formatMoney(discount.amount)}${percent}: ${clean(pick(discount.title, language))}`],
  ]
}

function sameText({ say }: Session, { kind, sameSpecification, changed }: QuoteView): string {
  if (kind === 'new') return say('new', '新购')
  if (sameSpecification) return say('as before', '与原配置相同')
  return changed.length > 0 ? say('changed', '已更改') : say('as far as known, as before', '就已知规格而言与原证书相同')
}

/** FD §3.6: whether the four attributes match is said before anything is bought. */
function comparisonLines({ language }: Session, { comparison, sameSpecification }: QuoteView): string[] {
  return comparison === null || sameSpecification ? [] : [`  ${clean(pick(comparison, language))}`]
}

/** What the new one will not have, whatever is bought. */
function lostLines({ paint, language }: Session, { notCarriedOver }: QuoteView): string[] {
  return notCarriedOver === null ? [] : [paint('yellow', `  ! ${clean(pick(notCarriedOver.text, language))}`)]
}

/** Of an upload something is never known, and its days are never added, whatever is bought. */
function lossWarning({ say, paint, language }: Session, { topUp, changed, unknown, sameSpecification }: QuoteView): string[] {
  if (sameSpecification && topUp.granted) return []
  const explanation = clean(pick(topUp.explanation, language))
  if (topUp.lostDays === 0) return explanation === '' ? [] : [`  ${explanation}`]
  if (unknown.length > 0) {
    const days = topUp.lostDays
    return [
      paint('yellow', say(`  ! ${days} days of the old one are not added`, `  ! 旧证书剩余的 ${days} 天不会补齐`)),
      `    ${explanation}`,
    ]
  }
  const attributes = changed.map((attribute) => wordFor('attribute', attribute, language)).join(say(', ', '、'))
  return [
    paint('yellow', say(`  ! ${countOf(topUp.lostDays, 'day is', 'days are')} lost`, `  ! 将损失 ${topUp.lostDays} 天`)) +
      (attributes === '' ? '' : say(` (changed: ${attributes})`, `（更改项：${attributes}）`)),
    `    ${explanation}`,
  ]
}

function formatOpenOrder({ say }: Session, order: OrderView): string[] {
  const price = formatMoney(order.price)
  return [
    say(
      `  Order ${order.id} of ${formatInstant(order.placedAt)} waits for payment: ${price}`,
      `  订单 ${order.id}（${formatInstant(order.placedAt)}）待支付：${price}`,
    ),
  ]
}

function report(session: Session, { result, facts }: WalkResult, progress: Progress): number {
  if (result === 'refused') return reportNotDue(session, facts)
  if (result === 'declined') {
    session.print(session.say('Nothing was bought.', '未购买任何内容。'))
    session.document({ result: 'declined' })
    return EXIT.interrupted
  }
  session.document(toServedDocument(facts, progress))
  session.print(...formatServed(session, facts))
  return EXIT.served
}

function reportNotDue(session: Session, { old }: RenewalFacts): number {
  const { say, language, paint } = session
  const { reasons, opensAt, action } = old.renewal
  session.document({ result: 'notDue', certificateId: old.id, action, opensAt, reasons })
  session.print(
    `${paint('yellow', '■')} ${say(`${clean(old.name)} is not renewed now:`, `${clean(old.name)} 现在不能续费：`)}`,
    ...(old.servedAt === null
      ? []
      : [say(`  It is served since ${formatInstant(old.servedAt)}.`, `  自 ${formatInstant(old.servedAt)} 起已生效。`)]),
    ...reasons.map((reason) => `  ${clean(pick(reason.text, language))} ${paint('dim', `(${reason.code})`)}`),
    ...(action === 'reissue'
      ? [say('  Reissue it at no charge: submit its application again.', '  可免费重签：请重新提交证书申请。')]
      : []),
  )
  return EXIT.notDue
}

/** The same shape as the demo's last line. */
export function toServedDocument({ old, fresh, order }: RenewalFacts, progress: Progress) {
  return {
    result: 'served',
    old: identify(old),
    new: fresh === null ? null : identify(fresh),
    orderId: order?.id ?? null,
    toppedUpDays: fresh?.entitlement?.toppedUpDays ?? 0,
    entitledUntil: fresh?.entitlement?.entitledUntil ?? null,
    endpoints: endpointsOf({ old, fresh }).flatMap(({ observations }) =>
      observations.map(({ address, sha256, verdict }) => ({ address, sha256, verdict })),
    ),
    steps: progress.steps,
  }
}

function identify({ id, sha256, notAfter }: CertificateDetail) {
  return { id, sha256, notAfter }
}

/** Endpoints go over to the new certificate when it is issued. */
function endpointsOf({ old, fresh }: Pick<RenewalFacts, 'old' | 'fresh'>) {
  return fresh !== null && fresh.endpoints.length > 0 ? fresh.endpoints : old.endpoints
}

function formatServed(session: Session, { old, fresh }: RenewalFacts): string[] {
  if (fresh === null) return []
  const { say, paint } = session
  const facts: (readonly [string, string])[] = [
    [say('Old', '旧证书'), `${old.sha256 ?? '–'}  ${say('until', '至')} ${formatInstant(old.notAfter)}`],
    [say('New', '新证书'), `${fresh.sha256 ?? '–'}  ${say('until', '至')} ${formatInstant(fresh.notAfter)}`],
    [say('Topped up', '补齐天数'), String(fresh.entitlement?.toppedUpDays ?? 0)],
    [say('Paid until', '服务期至'), formatInstant(fresh.entitlement?.entitledUntil ?? null)],
  ]
  const isServed = endpointsOf({ old, fresh }).every(({ observations }) =>
    observations.every(({ verdict }) => verdict === 'served'),
  )
  const heading = isServed
    ? `${paint('green', '✔')} ${paint('bold', say('Served: every address has the new certificate.', '已生效：每个地址都在使用新证书。'))}`
    : `${paint('yellow', '!')} ${paint('bold', say('It was served at every address; now one of them says otherwise.', '新证书曾在每个地址生效，但现在有地址异常。'))}`
  return [
    heading,
    ...formatFacts(facts, paint).map((line) => `  ${line}`),
    ...formatEndpoints(session, endpointsOf({ old, fresh })).map((line) => `  ${line}`),
  ]
}

/** By id, which means the renewal of exactly this one, also when the service has finished it meanwhile. */
function reportInterruption(session: Session, named: string): number {
  const { say, shell } = session
  const command = `evercert renew ${clean(named)}`
  const text = {
    en: `Interrupted. Nothing is lost: "${command}" goes on from here.`,
    zh: `已中断，进度不会丢失：再次运行 “${command}” 即可继续。`,
  }
  if (!session.json) {
    shell.stderr.write(`${say(text.en, text.zh)}\n`)
    return EXIT.interrupted
  }
  const { problem } = failure(
    'interrupted',
    { en: `Renewing ${clean(named)}: it was interrupted: run "${command}" to go on.`, zh: `续费 ${clean(named)}：已中断。` },
    {
      facts: { command },
      remedy: { en: `Run "${command}" to go on.`, zh: `请运行 “${command}” 继续。` },
    },
  )
  shell.stderr.write(`${problemJson(problem)}\n`)
  return EXIT.interrupted
}
