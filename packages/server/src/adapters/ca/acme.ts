/**
 * CAs that speak ACME (RFC 8555): Let's Encrypt, GlobalSign Atlas, ZeroSSL, Google Trust Services, step-ca, Caddy, Pebble, …
 *
 * The account is JSON `{ privateJwk, url, directoryUrl }`, an order's reference is its URL. What is kept in memory here only saves
 * round trips: after a restart everything is read again.
 *
 * @module
 */
import { z } from 'zod'
import type { ProblemCode } from '@evercert/contract'
import { parseChain } from '@evercert/pki'
import {
  AcmeProblem,
  answerChallenge,
  challengeProof,
  createAcmeClient,
  downloadChain,
  finalizeOrder,
  findOpenOrder,
  generateAccountJwk,
  loadAccountKey,
  placeOrder,
  readAuthorization,
  readOrder,
  registerAccount,
  revokeCertificate,
} from '@evercert/pki/acme'
import type { AcmeAccount, AcmeAuthorization, AcmeClient, AcmeOrder, AcmeSubproblem } from '@evercert/pki/acme'
import { AppError } from '../../domain/errors.ts'
import { caAdapter } from '../../ports/ca.ts'
import type { Ca, CaAccount, CaChallenge, CaOrder, CaOrderRequest, RevocationReason, ValidationMethod } from '../../ports/ca.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { secret } from '../kit/secret.ts'

const config = z.object({
  directoryUrl: z.url({ protocol: /^https$/ }).describe('Directory URL of the CA'),
  contacts: z.array(z.email()).max(10).default([]).describe('E-mail addresses that the CA may write to'),
  eab: z
    .object({
      keyId: z.string().min(1).describe('Key ID of the external account binding'),
      hmacKey: secret('HMAC key of the external account binding, base64url').regex(/^[A-Za-z0-9_+/-]+={0,2}$/),
    })
    .optional(),
  caPem: z
    .string()
    .refine(isPem, 'must be PEM certificates')
    .optional()
    .describe("Roots of the CA's own HTTPS, besides the system's"),
  preferredRoot: z.string().min(1).optional().describe('Common name of the root that the chain should lead to'),
  profile: z.string().min(1).optional().describe('Certificate profile, when the CA offers several'),
  fileValidationHttpPort: z.int().min(1).max(65_535).default(80).describe('Port on which the CA fetches validation files'),
  validityRule: z.enum(['public', 'private']).default('public').describe('Whether the caps of public CAs on validity apply'),
  honoursNotAfter: z.boolean().default(false).describe('Whether the CA lets the order choose notAfter'),
})
type Config = z.infer<typeof config>

const storedAccount = z.object({
  privateJwk: z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() }),
  url: z.url().nullable(),
  directoryUrl: z.url(),
})

/** RFC 5280 §5.3.1. */
const REASON_CODES: Readonly<Record<RevocationReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
}
const CHALLENGE_TYPES = { file: 'http-01', dns: 'dns-01' } as const
const TIMEOUT_MS = 30_000
/** Above what one CA account has open at once; an entry is some hundred bytes. */
const MAX_KEPT = 1000
/** CAs write times in whole seconds. */
const CLOCK_GRAIN_MS = 1000
/** When the CA limits without saying for how long: soon enough for short limits, and no burden for long ones. */
const DEFAULT_RATE_LIMIT_SECONDS = 300

/** ACME, API as of RFC 8555 (2019) with profiles and RFC 9773's `replaces` left to the core. */
export const acme = caAdapter<Config>({
  kind: 'ca',
  id: 'acme',
  title: 'ACME',
  apiDocs: 'RFC 8555',
  config,
  create: createAcmeCa,
})

interface Context {
  readonly config: Config
  readonly client: AcmeClient
  readonly now: () => number
  /** Orders last seen `ready`, by URL: finalizing one of them needs no reading before it. An entry is used once. */
  readonly ready: Map<string, AcmeOrder>
  readonly accounts: Map<string, AcmeAccount>
  /** How long this CA lets a new order live, as far as seen; null before the first. Tells when an order in its list was made. */
  orderLifeMs: number | null
}

function createAcmeCa(settings: Config, kit: AdapterKit): Ca {
  const context: Context = {
    config: settings,
    client: createClient(settings, kit),
    now: kit.now,
    ready: new Map(),
    accounts: new Map(),
    orderLifeMs: null,
  }
  return {
    capabilities: {
      validityRule: settings.validityRule,
      honoursNotAfter: settings.honoursNotAfter,
      methods: ['file', 'dns'],
      fileValidationPorts: { http: settings.fileValidationHttpPort, https: null },
    },
    createAccount: async () => writeAccount(await generateAccountJwk(), null, settings.directoryUrl),
    openAccount: (account) => translated('account', 'Opening the account at the CA', () => openAccount(context, account)),
    placeOrder: (account, request) =>
      translated('order', `Ordering ${request.identifiers.join(', ')} from the CA`, () => place(context, account, request)),
    readOrder: (account, order) => translated('order', `Reading the order ${order.ref}`, () => read(context, account, order)),
    answerChallenge: (account, ref) => translated('order', `Answering the challenge ${ref}`, () => answer(context, account, ref)),
    finalizeOrder: (account, order) =>
      translated('finalize', `Finalizing the order ${order.ref}`, () => finalize(context, account, order)),
    revoke: (account, certificate) =>
      translated('order', 'Revoking the certificate', () => revoke(context, account, certificate)),
  }
}

function createClient({ directoryUrl, caPem }: Config, { fetch, now }: AdapterKit): AcmeClient {
  return createAcmeClient({
    directoryUrl,
    now,
    transport: (url, { method, headers, body }) =>
      fetch(url, {
        method,
        headers,
        timeoutMs: TIMEOUT_MS,
        ...(body !== null && { body }),
        ...(caPem !== undefined && { caPem }),
      }),
  })
}

/** Registers at every call: the CA finds the account by its key, and a CA that lost it has it again. */
async function openAccount(context: Context, account: CaAccount): Promise<CaAccount> {
  const { client, config: settings } = context
  const { privateJwk } = parseAccount(account)
  const { url } = await registerAccount(client, loadAccountKey(privateJwk), {
    contacts: settings.contacts,
    externalAccountBinding: settings.eab ?? null,
  })
  return writeAccount(privateJwk, url, settings.directoryUrl)
}

/**
 * With `mayExist` the account's orders are looked through for an open one with the same names, made since the first attempt. A CA that
 * lists no orders is simply asked for a new one: those (Let's Encrypt) give an open order for the same names again by themselves.
 */
async function place(context: Context, account: CaAccount, request: CaOrderRequest): Promise<CaOrder> {
  const { client, config: settings } = context
  const session = sessionOf(context, account)
  const isSinceThen = (order: AcmeOrder): boolean => isMadeSince(context, order, request.firstAttemptAt)
  const found = request.mayExist ? await findOpenOrder(client, session, request.identifiers, isSinceThen) : null
  if (found) return toCaOrder(context, session, found, request.method)
  const order = await placeOrder(client, session, {
    names: request.identifiers,
    notAfter: settings.honoursNotAfter ? request.notAfter : null,
    profile: settings.profile ?? null,
  })
  if (order.expiresAt !== null) context.orderLifeMs = Math.max(context.orderLifeMs ?? 0, order.expiresAt - context.now())
  return toCaOrder(context, session, order, request.method)
}

/** ACME orders do not say when they were made: reckoned from when they expire, and taken for new where that cannot be done. */
function isMadeSince({ orderLifeMs }: Context, order: AcmeOrder, since: number): boolean {
  if (order.expiresAt === null || orderLifeMs === null) return true
  return order.expiresAt - orderLifeMs >= since - CLOCK_GRAIN_MS
}

async function read(
  context: Context,
  account: CaAccount,
  { ref, method }: { ref: string; method: ValidationMethod },
): Promise<CaOrder> {
  const session = sessionOf(context, account)
  return toCaOrder(context, session, await readOrder(context.client, session, ref), method)
}

async function answer(context: Context, account: CaAccount, ref: string): Promise<void> {
  await answerChallenge(context.client, sessionOf(context, account), ref)
}

async function finalize(
  context: Context,
  account: CaAccount,
  { ref, method, csrDer }: { ref: string; method: ValidationMethod; csrDer: Uint8Array },
): Promise<CaOrder> {
  const { client, ready } = context
  const session = sessionOf(context, account)
  const before = ready.get(ref) ?? (await readOrder(client, session, ref))
  ready.delete(ref)
  if (before.status !== 'ready') return toCaOrder(context, session, before, method)
  const after = await finalizeOrder(client, session, before, csrDer)
  // Most CAs have signed by the time that we can ask, unless they say when to ask.
  const isWorthAsking = after.status === 'processing' && after.retryAfterSeconds === null
  return toCaOrder(context, session, isWorthAsking ? await readOrder(client, session, ref) : after, method)
}

async function revoke(
  context: Context,
  account: CaAccount,
  { der, reason }: { der: Uint8Array; reason: RevocationReason },
): Promise<void> {
  await revokeCertificate(context.client, sessionOf(context, account), { der, reason: REASON_CODES[reason] })
}

// Orders

async function toCaOrder(context: Context, session: AcmeAccount, order: AcmeOrder, method: ValidationMethod): Promise<CaOrder> {
  const { url: ref, status } = order
  switch (status) {
    case 'pending':
    case 'invalid':
      return fromAuthorizations(order, session, method, await readAuthorizations(context, session, order))
    case 'ready':
      keep(context.ready, ref, order)
      return { state: 'ready', ref }
    case 'processing':
      return { state: 'processing', ref, retryAfterSeconds: order.retryAfterSeconds }
    case 'valid': {
      if (order.certificateUrl === null) return { state: 'processing', ref, retryAfterSeconds: order.retryAfterSeconds }
      const chainPem = await downloadChain(context.client, session, order.certificateUrl, context.config.preferredRoot ?? null)
      return { state: 'issued', ref, chainPem }
    }
  }
}

function readAuthorizations({ client }: Context, session: AcmeAccount, order: AcmeOrder): Promise<AcmeAuthorization[]> {
  return Promise.all(order.authorizationUrls.map((url) => readAuthorization(client, session, url)))
}

function fromAuthorizations(
  order: AcmeOrder,
  session: AcmeAccount,
  method: ValidationMethod,
  authorizations: readonly AcmeAuthorization[],
): CaOrder {
  const { url: ref } = order
  const failed = authorizations.filter(({ status }) => status !== 'pending' && status !== 'valid')
  if (order.status === 'invalid' || failed.length > 0) return { state: 'refused', ref, ...refusalOf(order, failed) }
  const challenges = authorizations.map((authorization) => toCaChallenge(session, authorization, method))
  const missing = authorizations.find(({ status }, i) => status === 'pending' && challenges[i] === null)
  if (missing) {
    const detail = `The CA offers no ${missing.wildcard ? 'dns' : method} validation for ${missing.name}: choose another method.`
    return { state: 'refused', ref, code: 'caRejected', detail }
  }
  const waits = [order, ...authorizations].flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? [])
  return {
    state: 'pending',
    ref,
    challenges: challenges.filter((challenge) => challenge !== null),
    retryAfterSeconds: waits.length > 0 ? Math.max(...waits) : null,
  }
}

/** Null when the authorization has no challenge of the method: it is valid already, or the CA does not offer it. */
function toCaChallenge(session: AcmeAccount, authorization: AcmeAuthorization, wanted: ValidationMethod): CaChallenge | null {
  const { name: identifier, wildcard, status } = authorization
  const method = wildcard ? 'dns' : wanted
  const challenge = authorization.challenges.find(({ type }) => type === CHALLENGE_TYPES[method])
  // A valid authorization that was reused may show challenges that nobody has to answer any more.
  if (!challenge || (status === 'valid' && challenge.status !== 'valid')) return null
  const { url: ref, status: state, problem } = challenge
  const { location, content } = challengeProof(session.key, challenge, identifier)
  return { ref, identifier, wildcard, method, location, content, state, problem: problem?.detail ?? null }
}

function refusalOf(order: AcmeOrder, failed: readonly AcmeAuthorization[]): { code: ProblemCode; detail: string } {
  const proofs = failed.flatMap(({ name, challenges }) =>
    challenges.flatMap(({ problem }) => (problem ? [{ name, problem }] : [])),
  )
  const [first] = proofs
  if (first) {
    const detail = proofs.map(({ name, problem }) => `Validating ${name}: ${problem.detail}`).join(' ')
    return { code: codeOf(first.problem, 'validation'), detail }
  }
  if (order.problem) return { code: codeOf(order.problem, 'finalize'), detail: `${detailOf(order.problem)} Order anew.` }
  const names = failed.map(({ name, status }) => `${name} (${status})`).join(', ')
  return {
    code: 'validationFailed',
    detail: `The CA gave the order up without a reason${names ? `: ${names}` : ''}. Order anew.`,
  }
}

// Accounts

function parseAccount(account: CaAccount): z.infer<typeof storedAccount> {
  const parsed = storedAccount.safeParse(parseJson(account))
  if (parsed.success) return parsed.data
  throw new AppError('caAccountInvalid', 'Using the account at the CA: what is stored of it cannot be read: make a new account.')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Not JSON is not an account either; the schema says so.
    return null
  }
}

function writeAccount(
  privateJwk: z.infer<typeof storedAccount>['privateJwk'],
  url: string | null,
  directoryUrl: string,
): CaAccount {
  return JSON.stringify({ privateJwk, url, directoryUrl })
}

function sessionOf({ accounts, config: settings }: Context, account: CaAccount): AcmeAccount {
  const known = accounts.get(account)
  if (known) return known
  const { privateJwk, url, directoryUrl } = parseAccount(account)
  if (url === null || directoryUrl !== settings.directoryUrl) {
    throw new AppError(
      'caAccountInvalid',
      `Using the account at the CA: it is not open at ${settings.directoryUrl}: open it first.`,
    )
  }
  const session = { key: loadAccountKey(privateJwk), url }
  keep(accounts, account, session)
  return session
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  const [oldest] = map.keys()
  if (map.size >= MAX_KEPT && oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}

function isPem(text: string): boolean {
  try {
    return parseChain(text).length > 0
  } catch {
    // The schema's own message says what is wanted.
    return false
  }
}

// Errors

/** What was being done: the same ACME type means different things in different places. */
type Step = 'account' | 'order' | 'finalize' | 'validation'

const CODES: Readonly<Record<string, ProblemCode>> = {
  accountDoesNotExist: 'caAccountInvalid',
  alreadyReplaced: 'conflict',
  badCSR: 'caRejected',
  // Our key and our signatures: an error of ours.
  badPublicKey: 'internal',
  badSignatureAlgorithm: 'internal',
  badRevocationReason: 'caRejected',
  caa: 'caaForbids',
  connection: 'validationFailed',
  dns: 'validationFailed',
  externalAccountRequired: 'misconfigured',
  incorrectResponse: 'validationFailed',
  invalidContact: 'misconfigured',
  invalidProfile: 'misconfigured',
  invalidResponse: 'upstreamUnavailable',
  rateLimited: 'caRateLimited',
  rejectedIdentifier: 'caRejected',
  serverInternal: 'upstreamUnavailable',
  tls: 'validationFailed',
  unsupportedContact: 'misconfigured',
  unsupportedIdentifier: 'caRejected',
  userActionRequired: 'caActionRequired',
}
const CODES_BY_STEP: Readonly<Record<Step, Readonly<Record<string, ProblemCode>>>> = {
  // Wrong external account binding, or no ACME directory at the URL.
  account: { unauthorized: 'credentialsRejected', malformed: 'credentialsRejected', invalidResponse: 'misconfigured' },
  order: { unauthorized: 'caAccountInvalid' },
  finalize: { unauthorized: 'caRejected' },
  validation: { unauthorized: 'validationFailed', malformed: 'validationFailed' },
}
const REMEDIES: Partial<Readonly<Record<ProblemCode, string>>> = {
  caAccountInvalid: 'open the account again',
  caActionRequired: "follow the CA's instructions, then try again",
  caaForbids: "allow the CA in the domain's CAA records",
  caRejected: 'correct what the CA names; its policy decides',
  credentialsRejected: 'check the key ID and HMAC key of the external account binding',
  misconfigured: "check the issuer's settings",
  validationFailed: 'put the proof where the CA looks, then order anew',
}

/** Out of the adapter come only AppErrors: the one place where ACME's problems get our codes. */
async function translated<Value>(step: Step, attempt: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof AcmeProblem)) throw error
    const code = codeOf(error, step)
    const wait = error.retryAfterSeconds ?? (code === 'caRateLimited' ? DEFAULT_RATE_LIMIT_SECONDS : null)
    throw new AppError(code, `${attempt}: ${detailOf(error)} ${remedyFor(code)}`, {
      cause: error,
      ...(wait !== null && { retryAfterSeconds: wait }),
    })
  }
}

function codeOf(problem: AcmeProblem, step: Step): ProblemCode {
  const types = [problem.type, ...problem.subproblems.map(({ type }) => type)]
  for (const type of types) {
    const code = CODES_BY_STEP[step][type] ?? CODES[type]
    if (code) return code
  }
  if (problem.status === 429) return 'caRateLimited'
  if (problem.status >= 500) return 'upstreamUnavailable'
  if (problem.status === 404 && step === 'account') return 'misconfigured'
  return step === 'validation' ? 'validationFailed' : 'caRejected'
}

function detailOf({ detail, subproblems }: AcmeProblem): string {
  const share = ({ identifier, detail: text }: AcmeSubproblem): string => (identifier === null ? text : `${identifier}: ${text}`)
  return [detail, ...subproblems.map(share)].join(' ')
}

function remedyFor(code: ProblemCode): string {
  const remedy = REMEDIES[code]
  return remedy ? `(${remedy})` : '(it is tried again later)'
}
