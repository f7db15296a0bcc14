/**
 * Failures of the command. Every one is a problem document, so that cause and remedy are shown whoever failed.
 *
 * @module
 */
import { toProblemDocument, type Bilingual, type ProblemCode, type ProblemDocument } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { pick, type Language } from './language.ts'
import { clean, cleanLines, toJson, type Paint } from './output.ts'

/** Wrong usage (EX_USAGE of sysexits): 1 and 2 have their own meanings here. */
export const EXIT_USAGE = 64
const EXIT_FAILED = 1

/** What is shown of a failure. */
interface Shown {
  readonly problem: ProblemDocument
  /** The detail of the document, which is English for programs, in Chinese; null: cause and remedy say it. Missing: there is none in Chinese. */
  readonly detailZh?: string | null
}

/** A failure that the command itself found. */
export class CliFailure extends Error implements Shown {
  override readonly name = 'CliFailure'
  readonly problem: ProblemDocument
  readonly detailZh: string | null
  readonly exitCode: number

  constructor({ problem, detailZh }: Required<Shown>, exitCode = EXIT_FAILED) {
    super(problem.detail)
    this.problem = problem
    this.detailZh = detailZh
    this.exitCode = exitCode
  }
}

/** The exit code for anything that was thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof CliFailure ? error.exitCode : EXIT_FAILED
}

export interface FailureTexts {
  readonly title?: string
  readonly cause?: Bilingual
  readonly remedy?: Bilingual
  readonly facts?: Readonly<Record<string, unknown>>
}

/**
 * *What was attempted: what happened: what to do*, in both languages; in English alone where cause and remedy are the failure's own, and say as much in
 * Chinese.
 */
type Said =
  | readonly [detail: Bilingual, texts?: FailureTexts]
  | readonly [detail: string, texts: FailureTexts & Required<Pick<FailureTexts, 'cause' | 'remedy'>>]

export function failure(code: ProblemCode, ...said: Said): CliFailure {
  return new CliFailure(toShown(code, said))
}

/** What was given on the command line cannot be used, a file that it names included. */
export function wrongUsage(code: ProblemCode, ...said: Said): CliFailure {
  return new CliFailure(toShown(code, said), EXIT_USAGE)
}

function toShown(code: ProblemCode, [detail, { facts, ...texts } = {}]: Said): Required<Shown> {
  const { en, zh } = typeof detail === 'string' ? { en: detail, zh: null } : detail
  return { problem: { ...toProblemDocument(code, en, facts === undefined ? {} : { facts }), ...texts }, detailZh: zh }
}

/** For words that somebody else said, who has no Chinese. */
export function inTheirWords(detail: string): Bilingual {
  return { en: detail, zh: detail }
}

/** What a file or the like says of itself, for the middle of a sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unreadable'
}

/** The user broke off, which is no failure. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** What to show for anything that was thrown. */
export function shownOf(error: unknown, url: string | null): Shown {
  if (error instanceof CliFailure || error instanceof ApiProblem) return error
  const system = findSystemError(error)
  if (system !== null && url !== null) return serviceAway(url, system)
  if (system !== null) return { problem: toProblemDocument('invalid', system) }
  return { problem: toProblemDocument('internal', error instanceof Error ? error.message : String(error)) }
}

function serviceAway(url: string, what: string): Shown {
  const detail = {
    en: `Calling the service at ${url}: ${what}: start it, or say where it is.`,
    zh: `连接服务 ${url}：${what}。`,
  }
  return failure('upstreamUnavailable', detail, {
    title: 'The service does not answer',
    cause: {
      en: `No Evercert service answers at ${url}.`,
      zh: `${url} 上没有 Evercert 服务响应。`,
    },
    remedy: {
      en: 'Start it with "evercert serve", or give its address with --url or EVERCERT_URL.',
      zh: '请用 “evercert serve” 启动服务，或用 --url、EVERCERT_URL 指定其地址。',
    },
  })
}

const SYSTEM_CODE = /^(E[A-Z0-9]+|UND_ERR_[A-Z_]+|ERR_(SSL|TLS)_[A-Z_]+)$/

/** The system's or the HTTP client's word, such as `ECONNREFUSED`, several causes deep; or that the answer is not Evercert's. */
function findSystemError(error: unknown): string | null {
  let last: string | null = null
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && SYSTEM_CODE.test(at.code)) return at.code
    if (at !== error) last = at.message
  }
  if (error instanceof TypeError && error.message === 'fetch failed') return last ?? error.message
  if (error instanceof TypeError) return `the answer is not that of an Evercert service (${error.message})`
  // The API's client rejects so when the body is neither what the contract says nor a problem document.
  if (error instanceof Error && 'status' in error)
    return `the answer (${String(error.status)}) is not that of an Evercert service`
  return null
}

/** Lines for the terminal: what, why, what to do. */
export function formatProblem({ problem, detailZh = problem.detail }: Shown, language: Language, paint: Paint): string[] {
  const zh = language === 'zh'
  const detail = zh ? detailZh : problem.detail
  const title = zh ? pick(problem.cause, language) : problem.title
  const colon = zh ? '：' : ': '
  return [
    `${paint('red', '✖')} ${paint('bold', clean(title))} ${paint('dim', `(${problem.code})`)}`,
    ...(detail === null ? [] : cleanLines(detail).map((line) => `  ${line}`)),
    ...(zh ? faultsZh(problem).map((line) => `  ${clean(line)}`) : []),
    // In Chinese the cause is the heading already: titles are English, for programs.
    ...(zh ? [] : [`  Cause: ${clean(pick(problem.cause, language))}`]),
    `  ${zh ? '处理' : 'Remedy'}${colon}${clean(pick(problem.remedy, language))}`,
    ...(problem.requestId === null ? [] : [`  ${zh ? '请求编号' : 'Request'}${colon}${clean(problem.requestId)}`]),
  ]
}

/** What is wrong with each field, or with a CSR: the detail is English. */
function faultsZh({ facts: { faultsZh: faults, adviceZh: advice } }: ProblemDocument): readonly string[] {
  if (Array.isArray(faults)) return faults.map(String)
  return typeof advice === 'string' ? [advice] : []
}

/** For programs: the problem document on one line. */
export function problemJson(problem: ProblemDocument): string {
  return toJson(problem, 0)
}
