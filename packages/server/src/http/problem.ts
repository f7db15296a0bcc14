/**
 * The edge where failures become problem documents (RFC 9457). What is not an AppError is ours: logged, and shown without its text.
 *
 * @module
 */
import { ORPCError } from '@orpc/server'
import { ValidationError } from '@orpc/contract'
import { PROBLEMS, toProblemDocument, type ProblemDocument } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { factsOfIssues, pathOf } from '../domain/issue-words.ts'
import type { Services } from '../services/context.ts'
import { problemLanguage } from './problem-language.ts'

export interface Rendered {
  readonly problem: ProblemDocument
  readonly retryAfterSeconds: number | null
}

/** For whom a problem is rendered. */
interface Asked {
  readonly requestId: string
  readonly headers: Headers
  /** What the operation read; default: the body. */
  readonly input?: 'query' | 'body'
}

/** In Chinese the cause is the title, as the command and the console have it. */
export function renderProblem(services: Pick<Services, 'log'>, error: unknown, asked: Asked): Rendered {
  const rendered = renderInEnglish(services, error, asked)
  const { problem } = rendered
  return problemLanguage(asked.headers) === 'en' ? rendered : { ...rendered, problem: { ...problem, title: problem.cause.zh } }
}

function renderInEnglish(services: Pick<Services, 'log'>, error: unknown, { requestId, input = 'body' }: Asked): Rendered {
  if (error instanceof AppError) {
    return {
      problem: toProblemDocument(error.code, withoutCredentials(error.message), { facts: error.facts, requestId }),
      retryAfterSeconds: error.retryAfterSeconds,
    }
  }
  const invalid = renderInvalid(error, requestId, input)
  if (invalid !== null) return { problem: invalid, retryAfterSeconds: null }
  services.log.error({ event: 'request.failed', requestId, error })
  if (isDiskFull(error)) {
    const detail = 'Handling the request: the disk of the database is full: nothing was changed: make room on it and try again.'
    return { problem: toProblemDocument('storageFull', detail, { requestId }), retryAfterSeconds: 30 }
  }
  if (isDeadlock(error)) {
    const detail =
      'Handling the request: another one changed the same at this moment and came first: nothing was changed: ask again.'
    return { problem: toProblemDocument('conflict', detail, { requestId }), retryAfterSeconds: 1 }
  }
  if (isDatabaseAway(error)) {
    const detail = 'Handling the request: the database does not answer: nothing was changed: try again in a moment.'
    return { problem: toProblemDocument('storageUnavailable', detail, { requestId }), retryAfterSeconds: 5 }
  }
  return {
    problem: toProblemDocument('internal', `Handling the request: the service failed: see its log for request ${requestId}.`, {
      requestId,
    }),
    retryAfterSeconds: null,
  }
}

const CREDENTIAL = /\b(evc[ae]?_)[\w-]{16,}/g

/** Somebody put a token where an identifier belongs. Who asks knows it; whom they show the answer to, or the log, must not. */
export function withoutCredentials(detail: string): string {
  return detail.replaceAll(CREDENTIAL, '$1…')
}

/** Connection failures of Node, and classes 08 (connection) and 57 (operator intervention) of SQLSTATE. */
const DATABASE_AWAY = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|08\w{3}|57P0\d|53300)$/

function isDatabaseAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && DATABASE_AWAY.test(error.code)
}

/** SQLSTATE deadlock_detected: of transactions that wait for each other PostgreSQL ends one. */
function isDeadlock(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '40P01'
}

/** SQLSTATE disk_full, and what a file system says. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '53100' || error.code === 'ENOSPC')
}

/** Null when the failure is ours. */
function renderInvalid(error: unknown, requestId: string, input: 'query' | 'body'): ProblemDocument | null {
  if (!(error instanceof ORPCError) || error.status >= 500) return null
  if (error.status === PROBLEMS.tooLarge.status)
    return toProblemDocument('tooLarge', 'Reading the request: it is too large.', { requestId })
  const { cause } = error
  const tooLarge = cause instanceof ValidationError ? renderTooLarge(cause.issues, requestId) : null
  if (tooLarge !== null) return tooLarge
  const facts = factsOfIssues(cause instanceof ValidationError ? cause.issues : [], input)
  const detail =
    facts.faults.length === 0
      ? 'Reading the request: it is not well-formed JSON.'
      : `Reading the request: ${facts.faults.join('; ')}.`
  return toProblemDocument('invalid', detail, { facts: { ...facts }, requestId })
}

/** From here on a text is a file that somebody chose, and not a field that somebody filled in. */
const LONG_TEXT = 4096

const WHAT_TO_SEND: Readonly<Record<string, string>> = {
  certificatePem: 'send the certificate and its intermediates alone, as PEM',
  privateKeyPem: 'send the one key of the certificate, as PEM',
  csrPem: 'send one CSR, as PEM',
}

/** Null unless size is all that is wrong. */
function renderTooLarge(issues: ValidationError['issues'], requestId: string): ProblemDocument | null {
  const sizes = issues.map((issue) => {
    const { code, origin, maximum } = issue as { code?: unknown; origin?: unknown; maximum?: unknown }
    const isSize = code === 'too_big' && origin === 'string' && typeof maximum === 'number' && maximum >= LONG_TEXT
    return isSize ? { field: pathOf(issue.path, 'body'), maximum } : null
  })
  const found = sizes.filter((size) => size !== null)
  const [first] = found
  if (first === undefined || found.length < issues.length) return null
  const said = found.map(({ field, maximum }) => {
    const advice = WHAT_TO_SEND[field.split('.').at(-1) ?? ''] ?? 'send less'
    return `${field} has more than ${maximum} characters: ${advice}`
  })
  const facts = { field: first.field, maxCharacters: first.maximum }
  return toProblemDocument('tooLarge', `Reading the request: ${said.join('; ')}.`, { facts, requestId })
}
