/**
 * CAs that speak ACME (RFC 8555): Let's Encrypt, GlobalSign Atlas, ZeroSSL, Google Trust Services, step-ca, Caddy, Pebble, …
 *
 * The account is JSON `{ privateJwk, url, directoryUrl }`, an order's reference is its URL. What is kept in memory here only saves
 * round trips: after a restart everything is read again.
 *
 * @module
 */
import { z } from 'zod'
import { ariCertId, parseCertificate, parseChain } from '@evercert/pki'
import {
  AcmeProblem,
  answerChallenge,
  createAcmeClient,
  finalizeOrder,
  findOpenOrder,
  generateAccountJwk,
  loadAccountKey,
  placeOrder,
  readOrder,
  readRenewalInfo,
  registerAccount,
  revokeCertificate,
} from '@evercert/pki/acme'
import type { AcmeAccount, AcmeClient, AcmeOrder, OrderRequest } from '@evercert/pki/acme'
import { AppError } from '../../../domain/errors.ts'
import { caAdapter } from '../../../ports/ca.ts'
import type { Ca, CaAccount, CaOrder, CaOrderRequest, RevocationReason, ValidationMethod } from '../../../ports/ca.ts'
import type { AdapterKit } from '../../../ports/kit.ts'
import { destination, secret } from '../../kit/secret.ts'
import { parseAccount, writeAccount } from './account.ts'
import { toCaOrder } from './orders.ts'
import { translated } from './problems.ts'

const config = z.object({
  directoryUrl: destination(z.url({ protocol: /^https$/ }).describe('Directory URL of the CA')),
  contacts: z.array(z.email()).max(10).default([]).describe('E-mail addresses that the CA may write to'),
  eab: z
    .object({
      keyId: z.string().min(1).describe('Key ID of the external account binding'),
      hmacKey: secret('HMAC key of the external account binding, base64url').regex(/^[A-Za-z0-9_+/-]+={0,2}$/),
    })
    .optional(),
  caPem: destination(
    z.string().refine(isPem, 'must be PEM certificates').optional().describe("Roots of the CA's own HTTPS, besides the system's"),
  ),
  preferredRoot: z.string().min(1).optional().describe('Common name of the root that the chain should lead to'),
  profile: z.string().min(1).optional().describe('Certificate profile, when the CA offers several'),
  fileValidationHttpPort: z.int().min(1).max(65_535).default(80).describe('Port on which the CA fetches validation files'),
  validityRule: z.enum(['public', 'private']).default('public').describe('Whether the caps of public CAs on validity apply'),
  honoursNotAfter: z.boolean().default(false).describe('Whether the CA lets the order choose notAfter'),
})
type Config = z.infer<typeof config>

/** RFC 5280 §5.3.1. */
const REASON_CODES: Readonly<Record<RevocationReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
}
const TIMEOUT_MS = 30_000
/** Above what one CA account has open at once; an entry is some hundred bytes. */
const MAX_KEPT = 1000
/** CAs write times in whole seconds. */
const CLOCK_GRAIN_MS = 1000

/** ACME, API as of RFC 8555 (2019) with profiles and RFC 9773. */
export const acme = caAdapter<Config>({
  kind: 'ca',
  id: 'acme',
  title: 'ACME',
  apiDocs: 'https://www.rfc-editor.org/rfc/rfc8555',
  config,
  identity: ['directoryUrl', 'validityRule'],
  givesRenewalInfo: true,
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
      reviewsOrganisations: false,
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
    renewalInfo: (leafDer) =>
      translated('order', 'Asking the CA when to renew', async () => {
        const certId = ariCertId(parseCertificate(leafDer))
        return certId === null ? null : readRenewalInfo(context.client, certId)
      }),
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
  if (found) return show(context, session, found, request.method)
  const order = await placeReplacing(client, session, await replacedBy(client, request), {
    names: request.identifiers,
    notAfter: settings.honoursNotAfter ? request.notAfter : null,
    profile: settings.profile ?? null,
  })
  if (order.expiresAt !== null) context.orderLifeMs = Math.max(context.orderLifeMs ?? 0, order.expiresAt - context.now())
  return show(context, session, order, request.method)
}

/** Null where the CA does not know what that is: only who gives renewal information takes it (RFC 9773 §5). */
async function replacedBy(client: AcmeClient, { replaces }: CaOrderRequest): Promise<string | null> {
  const { renewalInfo } = await client.directory()
  const leafDer = renewalInfo === null ? null : ((await replaces?.()) ?? null)
  return leafDer === null ? null : ariCertId(parseCertificate(leafDer))
}

/** What was replaced already is ordered all the same, only without the advantages of a renewal: an order before this one was given up. */
async function placeReplacing(
  client: AcmeClient,
  session: AcmeAccount,
  replaces: string | null,
  request: OrderRequest,
): Promise<AcmeOrder> {
  try {
    return await placeOrder(client, session, { ...request, replaces })
  } catch (error) {
    if (replaces === null || !(error instanceof AcmeProblem) || error.type !== 'alreadyReplaced') throw error
    return placeOrder(client, session, request)
  }
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
  return show(context, session, await readOrder(context.client, session, ref), method)
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
  if (before.status !== 'ready') return show(context, session, before, method)
  const after = await finalizeOrder(client, session, before, csrDer)
  // Most CAs have signed by the time that we can ask, unless they say when to ask.
  const isWorthAsking = after.status === 'processing' && after.retryAfterSeconds === null
  return show(context, session, isWorthAsking ? await readOrder(client, session, ref) : after, method)
}

async function revoke(
  context: Context,
  account: CaAccount,
  { der, reason }: { der: Uint8Array; reason: RevocationReason },
): Promise<void> {
  await revokeCertificate(context.client, sessionOf(context, account), { der, reason: REASON_CODES[reason] })
}

function show(context: Context, account: AcmeAccount, order: AcmeOrder, method: ValidationMethod): Promise<CaOrder> {
  if (order.status === 'ready') keep(context.ready, order.url, order)
  const { client, config: settings } = context
  return toCaOrder({ client, account, method, preferredRoot: settings.preferredRoot ?? null }, order)
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
