/**
 * The service as the agent calls it: outbound, JSON over HTTPS, no redirects, bounded in time and size.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { request as requestHttp, type ClientRequest } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { AGENT_KNOWS, KNOWN_ORDER_FIELDS } from '@evercert/contract/agent-orders'
import { openTunnel } from './proxy.ts'

export interface ServiceAddress {
  /** Without a final slash. */
  readonly server: string
  readonly caFile: string | null
  /** Where to go through; null: straight there. */
  readonly proxy: string | null
}

/** The service answered, but not with what was asked for. */
export class ServiceProblem extends Error {
  override readonly name = 'ServiceProblem'
  readonly status: number
  readonly code: string | null

  constructor(status: number, code: string | null, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

export interface Call {
  /** Below `/api/v1`. */
  readonly path: `/${string}`
  readonly body: object
  readonly credential: string | null
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

const MAX_ANSWER_BYTES = 1_048_576

/** What the service answers, as it is: nobody has checked it. @throws ServiceProblem, or the error of the connection */
export async function callService(
  address: ServiceAddress,
  { path, body, credential, timeoutMs, signal }: Call,
): Promise<unknown> {
  const url = new URL(`${address.server}/api/v1${path}`)
  const text = JSON.stringify(body)
  const options = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'content-length': Buffer.byteLength(text),
      [AGENT_KNOWS]: KNOWN_ORDER_FIELDS.join(','),
      ...(credential !== null && { authorization: `Bearer ${credential}` }),
    },
  }
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs)
  const ending = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal])
  try {
    const request = await openRequest(address, url, { ...options, signal: ending })
    const { status, answer } = await answerTo(request, text)
    const parsed = parseJson(answer)
    if (status >= 200 && status < 300 && parsed !== null) return parsed
    throw toProblem(status, parsed)
  } catch (error) {
    throw deadline.signal.aborted ? (deadline.signal.reason as Error) : error
  } finally {
    clearTimeout(timer)
  }
}

type RequestOptions = Exclude<Parameters<typeof requestHttps>[1], undefined | ((...args: never) => unknown)> & {
  readonly signal: AbortSignal
}

async function openRequest({ caFile, proxy }: ServiceAddress, url: URL, options: RequestOptions): Promise<ClientRequest> {
  const alone = { ...options, agent: false as const }
  if (url.protocol !== 'https:') return requestHttp(url, alone)
  const trust = caFile === null ? {} : { ca: readFileSync(caFile) }
  if (proxy === null) return requestHttps(url, { ...alone, ...trust })
  const tunnel = await openTunnel(proxy, url, options.signal)
  const host = url.hostname.replaceAll(/[[\]]/g, '')
  const name = isIP(host) === 0 ? { servername: host } : {}
  // With `agent: false` Node would make a connection of its own.
  return requestHttps(url, { ...options, createConnection: () => connect({ socket: tunnel, host, ...name, ...trust }) })
}

function answerTo(request: ClientRequest, text: string): Promise<{ readonly status: number; readonly answer: string }> {
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) request.destroy(new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, answer: Buffer.concat(chunks).toString('utf8') }))
    })
    request.end(text)
  })
}

function parseJson(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function toProblem(status: number, parsed: Record<string, unknown> | null): ServiceProblem {
  const textOf = (name: string) => (typeof parsed?.[name] === 'string' ? printable(parsed[name]) : null)
  return new ServiceProblem(status, textOf('code'), textOf('detail') ?? `the service answers ${status}`)
}

/** A text from outside for a terminal or a log. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').slice(0, 1_000)
}
