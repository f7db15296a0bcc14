/**
 * A JSON request to a service whose URL may itself be a secret: nothing of its path reaches an error or a log.
 *
 * @module
 */
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { destination, secret } from './secret.ts'

export interface JsonPost {
  /** What was attempted, for the errors: `Sending to DingTalk`. */
  readonly what: string
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
}

export interface JsonAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** At most some thousand characters. */
  readonly text: string
}

const TIMEOUT_MS = 15_000
const MAX_BYTES = 64 * 1024

/** @throws AppError `upstreamUnavailable`, `timedOut`, `addressForbidden`, all without path and query of the URL */
export async function postJson(kit: AdapterKit, { what, url, body, headers, signal }: JsonPost): Promise<JsonAnswer> {
  try {
    const response = await kit.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      ...(signal && { signal }),
    })
    return { status: response.status, headers: response.headers, text: Buffer.from(response.body).toString('utf8') }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw withoutPath(what, url, error)
  }
}

/** The cause is left out as well: it is logged. */
function withoutPath(what: string, rawUrl: string, error: unknown): AppError {
  if (!(error instanceof AppError)) return new AppError('upstreamUnavailable', `${what}: no answer: it is tried again later`)
  const url = new URL(rawUrl)
  const shown = error.message.replace(/^Fetching \S+ /, '').replaceAll(rawUrl, url.origin)
  const reason = url.pathname.length > 1 ? shown.replaceAll(url.pathname, '/…') : shown
  return new AppError(error.code, `${what}: ${url.origin}: ${reason}`)
}

const TEMPORARY = new Set([408, 425])
/** An error page may repeat the address; a word such as `invalid_token` does not. */
const SAFE_WORD = /^[a-z_]{1,40}$/

/** An HTTP status that is no success, as the port names it. @throws AppError always for status 300 and more */
export function refuseStatus(what: string, { status, headers, text }: JsonAnswer): void {
  if (status >= 200 && status < 300) return
  const said = `the other side answers ${status}${SAFE_WORD.test(text.trim()) ? ` (${text.trim()})` : ''}`
  if (status === 429) {
    throw new AppError('rateLimited', `${what}: ${said}: it is tried again later`, retryAfter(headers['retry-after']))
  }
  if (status >= 500 || TEMPORARY.has(status)) {
    throw new AppError('upstreamUnavailable', `${what}: ${said}: it is tried again later`, retryAfter(headers['retry-after']))
  }
  if (status === 401 || status === 403) {
    throw new AppError('credentialsRejected', `${what}: ${said}: correct the channel's address, token or secret`)
  }
  throw new AppError('misconfigured', `${what}: ${said}: correct the channel's settings`)
}

function retryAfter(header: string | undefined): { readonly retryAfterSeconds?: number } {
  return header !== undefined && /^\d{1,6}$/.test(header) ? { retryAfterSeconds: Number(header) } : {}
}

const MAX_SAID = 120

/** As tokens, keys and their encodings are; words of a language are not so long. */
const LIKE_A_SECRET = /[\w+/=%-]{20,}/g

/** What the other side said, for a person: one line, short. It may say back what it was sent: the address, a signature, a key. */
export function brief(text: string): string {
  const line = text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll(LIKE_A_SECRET, '…')
    .trim()
  return line.length > MAX_SAID ? `${line.slice(0, MAX_SAID)}…` : line
}

/** An answer that must be JSON of a known shape. @throws AppError `upstreamUnavailable`: something else answers there */
export function parseAnswer<Answer>(what: string, answer: JsonAnswer, schema: z.ZodType<Answer>): Answer {
  const parsed = schema.safeParse(parseJson(answer.text))
  if (parsed.success) return parsed.data
  throw new AppError('upstreamUnavailable', `${what}: the answer is not of the expected form: check the address of the channel`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A secret that is an address. */
export function secretUrl(description: string): z.ZodString {
  return destination(secret(description).regex(/^https?:\/\/[^\s/@]+(\/\S*)?$/, 'must be an http or https URL'))
}
