/**
 * The HTTP surface: the API with its document and reference page, health, the built-in CA's files, and validation files.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { OpenAPIHandler } from '@orpc/openapi/fetch'
import { onError, ORPCError as ProblemCarrier } from '@orpc/server'
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { contract, MAX_UPLOADS_BYTES, RECEIPT_KEYS_PATH, UPLOADS_PATH } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { identify, NOBODY, type Identified } from '../services/access/callers.ts'
import { auditAlarm } from '../services/audit/alarm.ts'
import type { Services } from '../services/context.ts'
import { AGENT_PROGRAM_PATH } from '../services/agents/enrolments.ts'
import { findProofFile } from '../services/proof-responder.ts'
import { limitBodyTo } from './body-limit.ts'
import { addConsoleFiles, openConsolePage, type ConsoleEnv } from './console.ts'
import { credentialsOf } from './credentials.ts'
import { findAddress, requestTargetOf } from './network-address.ts'
import type { RequestContext } from './operations/operation.ts'
import { router } from './operations/router.ts'
import { addProofOfService } from './proof-of-service.ts'
import { addPaymentCallbacks } from './payment-callbacks.ts'
import { nameProblemLanguage } from './problem-language.ts'
import { renderProblem } from './problem.ts'
import { createRequestLimits, type RequestLimits } from './request-limits.ts'
import { REFERENCE_HTML, REFERENCE_SCRIPT } from './reference-page.ts'
import { refuseOtherSites } from './same-site.ts'
import { addSignIn } from './sign-in.ts'
import { networkAddress } from './network-address.ts'
import { recordRefusal } from './audit-trail.ts'
import { refuseEncodedBody, withUtf8Text } from './utf8-body.ts'

export interface AppOptions {
  readonly version: string
  /** The built-in CA's public files; null when there is none of that name. */
  readonly caFile: (authorityId: string, kind: 'crt' | 'crl') => Promise<Uint8Array<ArrayBuffer> | null>
  /** Folder of the built console. */
  readonly consoleFolder: string
  /** What is reached over https only, by a proxy that speaks plain HTTP to us. */
  readonly isBehindTls: boolean
}

type Env = ConsoleEnv

/** Everything that an upload may need, and nothing that fills the memory. */
const MAX_BODY_BYTES = 1_048_576

/** For everybody, without a credential. Not `/healthz`, which asks nothing and keeps the service running. */
const VISITED = [
  '/readyz',
  '/api/v1/openapi.json',
  '/api/v1/docs',
  '/api/v1/docs.js',
  '/ca/*',
  AGENT_PROGRAM_PATH,
  RECEIPT_KEYS_PATH,
] as const

/** Half a year; other names below ours are none of our business. */
const STRICT_TRANSPORT = 'max-age=15552000'

const limitBody = limitTo(MAX_BODY_BYTES)
const limitUploads = limitTo(MAX_UPLOADS_BYTES)

function limitTo(maxBodyBytes: number): MiddlewareHandler {
  const detail = `Reading the request: its body is larger than ${maxBodyBytes} bytes: send less at once.`
  return limitBodyTo(maxBodyBytes, () => new AppError('tooLarge', detail, { facts: { maxBodyBytes } }))
}

export function createApp(services: Services, options: AppOptions): Hono<Env> {
  const app = new Hono<Env>()
  const limits = createRequestLimits(services.requestLimits, services.now)
  app.use(async (context, next) => {
    context.set('requestId', randomUUID())
    context.set('address', findAddress(context, services.trustedProxies))
    await next()
    context.header('x-request-id', context.get('requestId'))
    const policy = context.get('contentSecurityPolicy')
    if (policy !== undefined) context.header('content-security-policy', policy)
    const isTls = options.isBehindTls || new URL(context.req.url).protocol === 'https:'
    if (isTls) context.header('strict-transport-security', STRICT_TRANSPORT) // RFC 6797 §7.2: not over plain HTTP
  })
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'self'"], frameAncestors: ["'none'"] },
      strictTransportSecurity: false,
    }),
  )
  app.use(nameProblemLanguage)
  app.onError(async (error, context) => {
    const { method, path } = context.req
    await recordRefusal(services, { method, path, address: networkAddress(context), requestId: context.get('requestId') }, error)
    return problemResponse(services, context, error)
  })
  app.notFound(
    async (context) =>
      (await openConsolePage(context, options.consoleFolder)) ??
      problemResponse(
        services,
        context,
        new AppError('notFound', `Looking up ${context.req.path}: there is nothing at this path.`),
      ),
  )
  app.get('/healthz', (context) => context.text('ok'))
  for (const path of VISITED) {
    app.use(path, (context, next) => {
      limits.visit(networkAddress(context))
      return next()
    })
  }
  app.get('/readyz', async (context) => {
    await services.database.ping()
    const alarm = auditAlarm(services)
    const buts = [
      ...(services.keyring.awaySince === null ? [] : ['masterKeyAway']),
      ...(alarm === null ? [] : [`audit.${alarm}`]),
    ]
    return context.text(['ready', ...buts].join(', but '))
  })
  const countAnonymous: MiddlewareHandler<Env> = (context, next) => {
    limits.arrive(null, networkAddress(context))
    return next()
  }
  app.use('/api/auth/*', countAnonymous, refuseEncodedBody, limitBody)
  app.use('/callbacks/*', countAnonymous)
  addSignIn(app, services)
  addApi(app, services, { ...options, limits })
  addPaymentCallbacks(app, services)
  addProofOfService(app, services, async (context) => {
    const credentials = { ...credentialsOf(context.req.raw.headers), accountId: null }
    return (await counted(limits, context, () => identify(services, credentials))).caller
  })
  addCaFiles(app, options)
  addAgentProgram(app, services)
  addProofFiles(app, services)
  addConsoleFiles(app, options.consoleFolder)
  return app
}

/** The listener for validation files alone: it may face the Internet on port 80. */
export function createProofApp(services: Services): Hono<Env> {
  const app = new Hono<Env>()
  addProofFiles(app, services)
  app.onError((error, context) => {
    services.log.error({ event: 'proof.failed', error })
    return context.text('unavailable', 503)
  })
  return app
}

/** Made when somebody asks for it: most starts need it never. What failed is made again. */
function onceWanted<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = null
      throw error
    }))
}

function addApi(app: Hono<Env>, services: Services, options: AppOptions & { readonly limits: RequestLimits }): void {
  const handler = new OpenAPIHandler(router, {
    interceptors: [
      onError((error, { context, request }) => {
        const input = request.method === 'GET' ? 'query' : 'body' // as the handler reads it
        throw toCarrier(services, unreadable(error, context) ?? error, { ...context, input })
      }),
    ],
    customErrorResponseBodyEncoder: (error) => error.data as object,
  })
  const document = onceWanted(async () => (await import('./openapi.ts')).createOpenApiDocument(options.version))
  app.get('/api/v1/openapi.json', async (context) => context.json(await document()))
  app.get('/api/v1/docs', (context) => context.html(REFERENCE_HTML))
  app.get('/api/v1/docs.js', (context) =>
    context.body(REFERENCE_SCRIPT, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )
  app.use('/api/v1/*', async (context, next) => {
    await next()
    context.header('cache-control', 'no-store') // answers are one account's, and some hold a private key
  })
  app.use('/api/v1/*', refuseEncodedBody)
  app.use('/api/v1/*', (context, next) => (context.req.path === UPLOADS_PATH ? limitUploads : limitBody)(context, next))
  app.all('/api/v1/*', async (context) => {
    const { caller, setCookies } = await callerOf(services, options.limits, context)
    refuseForeignType(context)
    const requestContext: RequestContext = {
      services,
      caller,
      idempotencyKey: context.req.header('idempotency-key') ?? null,
      requestId: context.get('requestId'),
      address: networkAddress(context),
      headers: context.req.raw.headers,
      baseUrl: services.publicUrl ?? new URL(context.req.url).origin,
      progress: { isRead: false },
    }
    const { matched, response } = await handler.handle(withUtf8Text(context.req.raw), {
      prefix: '/api/v1',
      context: requestContext,
    })
    if (!matched)
      throw new AppError('notFound', `Looking up ${context.req.method} ${context.req.path}: there is no such operation.`)
    return withHeaders(response, setCookies)
  })
}

/** Operations that need neither session nor token; their paths have no parameters. */
const OPEN: ReadonlySet<string> = new Set(
  Object.values(contract)
    .flatMap((members) => Object.values(members))
    .map((procedure) => procedure['~orpc'])
    .filter(({ meta }) => meta.operation?.isOpen === true)
    .map(({ route }) => `${route.method ?? ''} /api/v1${route.path ?? ''}`),
)

/** Before the body is read: who may not call does not make us read one. */
async function callerOf(services: Services, limits: RequestLimits, context: Context<Env>): Promise<Identified> {
  if (OPEN.has(`${context.req.method} ${context.req.path}`)) {
    limits.arrive(null, networkAddress(context))
    return { caller: NOBODY, setCookies: [] }
  }
  const { headers } = context.req.raw
  const credentials = credentialsOf(headers)
  if (credentials.token === null && services.signIn.hasCookie(headers)) refuseOtherSites(context.req.raw, services.publicUrl)
  return counted(limits, context, () => identify(services, credentials))
}

/** Who calls, with the request counted before and after that is known. */
async function counted(limits: RequestLimits, context: Context, identifyNow: () => Promise<Identified>): Promise<Identified> {
  const credential = context.req.header('authorization') ?? context.req.header('cookie') ?? null
  const countedAs = limits.arrive(credential, networkAddress(context))
  try {
    const identified = await identifyNow()
    limits.recognise(credential, identified.caller.tokenId, countedAs)
    return identified
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthenticated') limits.forget(credential)
    throw error
  }
}

function unreadable(error: unknown, { progress }: RequestContext): AppError | null {
  if (progress.isRead || error instanceof AppError || error instanceof ProblemCarrier) return null
  return new AppError('invalid', 'Reading the request: the body is not what its content type says: send well-formed JSON.', {
    cause: error,
  })
}

/** The handler would read forms as well, and text as JSON: what is said of a body holds. */
function refuseForeignType(context: Context<Env>): void {
  const { req } = context
  const hasBody = req.header('transfer-encoding') !== undefined || Number(req.header('content-length') ?? 0) > 0
  const type = req.header('content-type')
  if (req.method !== 'POST' || !hasBody || /^application\/json\s*(;|$)/i.test(type ?? '')) return
  throw new AppError('invalid', `Reading the request: its content type is ${type ?? 'not given'}: send application/json.`)
}

/** The handler sends status and data of one error type only; the rendered problem rides in it. */
function toCarrier(services: Services, error: unknown, asked: Parameters<typeof renderProblem>[2]) {
  const { problem, retryAfterSeconds } = renderProblem(services, error, asked)
  return new ProblemCarrier(problem.code, {
    status: problem.status,
    message: problem.detail,
    data: retryAfterSeconds === null ? problem : { ...problem, facts: { ...problem.facts, retryAfterSeconds } },
  })
}

function withHeaders(response: Response, setCookies: readonly string[]): Response {
  if (response.status < 400 && setCookies.length === 0) return response
  const headers = new Headers(response.headers)
  if (response.status >= 400) headers.set('content-type', 'application/problem+json')
  for (const cookie of setCookies) headers.append('set-cookie', cookie)
  return new Response(response.body, { status: response.status, headers })
}

function problemResponse(services: Services, context: Context<Env>, error: unknown): Response {
  const { problem, retryAfterSeconds } = renderProblem(services, error, {
    requestId: context.get('requestId'),
    headers: context.req.raw.headers,
  })
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      // The rest of the body was not read: the connection ends with this answer, and the client must know.
      ...(problem.code === 'tooLarge' && { connection: 'close' }),
      ...(problem.code === 'encodingUnsupported' && { 'accept-encoding': 'identity' }), // RFC 9110 §12.5.3
      ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
  })
}

const CA_FILE_TYPES = { crt: 'application/pkix-cert', crl: 'application/pkix-crl' } as const // RFC 2585 §4

function addCaFiles(app: Hono<Env>, options: AppOptions): void {
  app.get('/ca/:file{[a-z0-9-]+\\.(crt|crl)}', async (context) => {
    const [authorityId = '', kind] = context.req.param('file').split('.')
    const type = kind === 'crl' ? 'crl' : 'crt'
    const body = await options.caFile(authorityId, type)
    if (body === null) throw new AppError('notFound', `Looking up ${context.req.path}: there is no such built-in CA.`)
    return context.body(body, 200, { 'content-type': CA_FILE_TYPES[type] })
  })
}

/** For hosts, which compare it with the fingerprint in their command. */
function addAgentProgram(app: Hono<Env>, services: Services): void {
  app.get(AGENT_PROGRAM_PATH, async (context) => {
    const program = await services.agentProgram()
    if (program === null) throw new AppError('notFound', 'Fetching the agent: it was not built here: run "npm run build".')
    return context.body(program, 200, { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' })
  })
}

/** A site forwards to its account's path: whatever it is asked for, it answers with that account's files alone. */
function addProofFiles(app: Hono<Env>, services: Services): void {
  app.get('/.well-known/:folder/:token', (context) => answerProofFile(services, context, null))
  app.get('/:account{acc_[0-9a-z]+}/.well-known/:folder/:token', (context) =>
    answerProofFile(services, context, context.req.param('account')),
  )
}

async function answerProofFile(services: Services, context: Context<Env>, accountId: string | null): Promise<Response> {
  // Dots that lead to another account's path: what a site was asked for must not choose the account.
  if ((requestTargetOf(context) ?? context.req.path).split('?')[0] !== context.req.path) return context.text('not found', 404)
  const host = (context.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase()
  const path = accountId === null ? context.req.path : context.req.path.slice(accountId.length + 1)
  const body = await findProofFile(services, { host, path, accountId })
  return body === null ? context.text('not found', 404) : context.text(body)
}
