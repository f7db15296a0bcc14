/**
 * The typed client of the API, for the console, the CLI and scripts.
 *
 * @module
 */
import { createORPCClient, ORPCError } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import type { JsonifiedClient } from '@orpc/openapi-client'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import type { ExportFormat, ExportQuery } from './certificate-list.ts'
import { contract, NEEDS_IDEMPOTENCY_KEY } from './contract.ts'
import { parseProblem } from './parse-problem.ts'
import type { ProblemDocument } from './problem-document.ts'

export interface ClientOptions {
  /** The service's root, for instance `http://127.0.0.1:8470`. */
  readonly url: string
  /** Null: in a page of the service, whose session is a cookie. */
  readonly token: string | null
  /** The account to be in, for a user who is in several; the session's own when it is missing. */
  readonly accountId?: string
}

/** In a browser: asked before each call. Null: the cookies of the service's own origin say who calls. */
export interface BrowserOptions {
  readonly url: string
  readonly readToken: () => string | null
  /** The account to be in, asked before each call by a session. Null: the session's own. */
  readonly readAccountId?: () => string | null
}

/** Sent with a call: `client.orders.pay(input, { context: { idempotencyKey } })`. */
export interface CallContext {
  /** Default, where the service demands one: a new key for each call. Whoever repeats a call gives the same key each time. */
  readonly idempotencyKey?: string
}

export type Client = JsonifiedClient<ContractRouterClient<typeof contract, CallContext>>

/** A problem document (RFC 9457) that the service answered with. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly problem: ProblemDocument

  constructor(problem: ProblemDocument) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Creates the client. Calls reject with {@link ApiProblem}, or with the transport's own error when the service is away. */
export function createClient(options: ClientOptions | BrowserOptions): Client {
  const link = new OpenAPILink<CallContext>(contract, {
    url: new URL('/api/v1', options.url).href,
    headers: ({ context }, path) => {
      const key = context.idempotencyKey ?? (NEEDS_IDEMPOTENCY_KEY.has(path.join('.')) ? crypto.randomUUID() : null)
      return { ...authorizationOf(options), ...(key === null ? {} : { 'idempotency-key': key }) }
    },
    fetch: fetchAsJson,
    customErrorResponseBodyDecoder: (body) => {
      const problem = parseProblem(body)
      return problem === null ? null : new ORPCError(problem.code, { message: problem.detail, data: problem })
    },
  })
  const client = createORPCClient<Client>(link)
  return throwApiProblems(client)
}

/**
 * The export as it comes: the client itself would keep all of it in memory. Reading it fails when it breaks off.
 *
 * @throws ApiProblem; the transport's own error when the service is away
 */
export function openExport(
  options: ClientOptions | BrowserOptions,
  request: ExportQuery & { readonly format: ExportFormat },
): Promise<ReadableStream<Uint8Array>> {
  return openStream(options, { path: 'certificates/export', request, types: /^(text\/csv|application\/x-ndjson)\b/ })
}

/** The audit log as it comes, as {@link openExport}. @throws ApiProblem; the transport's own error when the service is away */
export function openAuditExport(
  options: ClientOptions | BrowserOptions,
  request: { readonly after?: number; readonly installation?: boolean },
): Promise<ReadableStream<Uint8Array>> {
  return openStream(options, { path: 'audit/export', request, types: /^application\/x-ndjson\b/ })
}

/** The rows of a backup as they come, as {@link openExport}. @throws ApiProblem; the transport's own error when the service is away */
export function openBackup(options: ClientOptions): Promise<ReadableStream<Uint8Array>> {
  return openStream(options, { path: 'backups', request: {}, types: /^application\/gzip\b/ })
}

async function openStream(
  options: ClientOptions | BrowserOptions,
  { path, request, types }: { readonly path: string; readonly request: object; readonly types: RegExp },
): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(new URL(`/api/v1/${path}`, options.url), {
    method: 'POST',
    headers: { ...authorizationOf(options), 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  const type = response.headers.get('content-type') ?? ''
  if (response.ok && response.body !== null && types.test(type)) return response.body
  const problem = parseProblem(await response.json().catch(() => null))
  if (problem !== null) throw new ApiProblem(problem)
  throw new TypeError(`status ${response.status}, ${type === '' ? 'no content type' : type}`)
}

function authorizationOf(options: ClientOptions | BrowserOptions): Record<string, string> {
  const token = 'readToken' in options ? options.readToken() : options.token
  const accountId = accountOf(options, token)
  return {
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(accountId !== null && { 'x-evercert-account': accountId }),
  }
}

function accountOf(options: ClientOptions | BrowserOptions, token: string | null): string | null {
  if (!('readToken' in options)) return options.accountId ?? null
  return token === null ? (options.readAccountId?.() ?? null) : null // a token is of one account
}

/** The link reads JSON by content type and knows only `application/json`. */
async function fetchAsJson(request: Request, init: object): Promise<Response> {
  const response = await fetch(request, init as RequestInit)
  if (!(response.headers.get('content-type') ?? '').startsWith('application/problem+json')) return response
  const headers = new Headers(response.headers)
  headers.set('content-type', 'application/json')
  return new Response(response.body, { status: response.status, headers })
}

/** Turns the link's errors into {@link ApiProblem} at the leaves of the client. */
function throwApiProblems(client: Client): Client {
  const wrap = (value: unknown): unknown => {
    if (typeof value !== 'function') return value
    return new Proxy(value, {
      // Without a `then` the client survives being awaited: the link's own would resolve to the client beneath, without problems.
      get: (target, name) => (name === 'then' ? undefined : wrap(Reflect.get(target, name) as unknown)),
      apply: async (target, self, args: unknown[]) => {
        try {
          return (await Reflect.apply(target, self, args)) as unknown
        } catch (error) {
          const problem = error instanceof ORPCError ? parseProblem(error.data) : null
          throw problem === null ? error : new ApiProblem(problem)
        }
      },
    })
  }
  return wrap(client) as Client
}
