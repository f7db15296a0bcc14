/**
 * `/api/auth/*`: what of better-auth is let through, with which fields, how often, and with failures as problem documents.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import {
  SIGN_IN_REQUESTS,
  type PasskeySignInOptions,
  type SecondFactorAnswer,
  type SignInAnswer,
  type SignInPath,
  type SingleSignOnAnswer,
} from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { factsOfIssues } from '../domain/issue-words.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { checkPassword } from '../services/access/links.ts'
import { findPasskeyOwner, notePasskeyUse, passkeySite } from '../services/access/passkeys.ts'
import { nameProvidersOf } from '../services/access/sign-in-providers.ts'
import { countRequest } from '../services/access/request-windows.ts'
import { countAttempt, forgiveAttempt, type Subject } from '../services/access/sign-in-failures.ts'
import { loadUser } from '../services/access/users.ts'
import { notFound, type Services } from '../services/context.ts'
import { networkAddress } from './network-address.ts'
import { refuseOtherSites } from './same-site.ts'
import { addSingleSignOn } from './single-sign-on.ts'
import { toProblem, unauthenticated } from './sign-in-problems.ts'
import { recordSignIn, type SignInCall } from './sign-in-trail.ts'
import { readUtf8 } from './utf8-body.ts'

const AUTH_PATH = '/api/auth'

/** Adds the routes; `app` renders what they throw. */
export function addSignIn(app: Hono<{ readonly Variables: { requestId: string } }>, services: Services): void {
  addSingleSignOn(app, services)
  app.post(`${AUTH_PATH}/*`, async (context) => {
    context.header('cache-control', 'no-store')
    refuseOtherSites(context.req.raw, services.publicUrl)
    const path = context.req.path.slice(AUTH_PATH.length + 1)
    if (!isPath(path)) throw new AppError('notFound', `Looking up ${context.req.path}: there is nothing at this path.`)
    const body = await readBody(context, path)
    const call = {
      path,
      body,
      headers: context.req.raw.headers,
      address: networkAddress(context),
      requestId: context.get('requestId'),
    }
    const answer = await perform(services, call)
    for (const cookie of answer.setCookies) context.header('set-cookie', cookie, { append: true })
    return context.json(answer.body)
  })
}

function isPath(path: string): path is SignInPath {
  return Object.hasOwn(SIGN_IN_REQUESTS, path)
}

async function readBody(context: Context, path: SignInPath): Promise<SignInCall['body']> {
  if (!/^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? ''))
    throw new AppError('invalid', 'Reading the request: its content type is not application/json: send JSON.')
  const raw = readJsonText(readUtf8(await context.req.arrayBuffer()))
  const parsed = SIGN_IN_REQUESTS[path].safeParse(raw)
  if (parsed.success) return parsed.data
  const facts = factsOfIssues(parsed.error.issues, 'body')
  throw new AppError('invalid', `Reading the request: ${facts.faults.join('; ')}.`, { facts: { ...facts } })
}

function readJsonText(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

interface Answer {
  readonly body: object
  readonly setCookies: readonly string[]
  /** Who signed in, where better-auth says so. */
  readonly email: string | null
}

async function perform(services: Services, call: SignInCall): Promise<Answer> {
  let subjects: readonly Subject[] = []
  const permit = async (): Promise<void> => {
    if (call.path.startsWith('passkey/')) requirePasskeys(services)
    if (SINGLE_SIGN_ON.has(call.path)) await countRequest(services, 'singleSignOn', call.address)
    if (call.path === 'passkey/generate-authenticate-options') await countRequest(services, 'passkey', call.address)
    subjects = await subjectsOf(services, call)
    await countAttempt(services, subjects)
  }
  return recordSignIn(services, call, {
    email: await claimedBy(services, call),
    permit,
    run: () => ask(services, call, subjects),
  })
}

/** Whom the attempt claims to be. */
async function claimedBy(services: Services, call: SignInCall): Promise<string | null> {
  if (call.path === 'passkey/verify-authentication') return (await findPasskeyOwner(services, credentialOf(call))) ?? ''
  const email = call.body['email']
  return typeof email === 'string' ? email : null
}

function requirePasskeys({ publicUrl }: Services): void {
  if (passkeySite(publicUrl) !== null) return
  throw new AppError(
    'misconfigured',
    'Using a passkey: browsers make them for a name over https, or for localhost: set EVERCERT_PUBLIC_URL to such an address.',
  )
}

async function ask(services: Services, call: SignInCall, subjects: readonly Subject[]): Promise<Answer> {
  const { response, raw } = await askBetterAuth(services, call)
  const failure = response.ok ? null : toProblem(call.path, response.status, raw)
  if (failure !== null) throw failure // and stays counted: some are found before the password is looked at
  await forgiveAttempt(services, subjects)
  if (call.path === 'passkey/verify-authentication') await notePasskeyUse(services, credentialOf(call))
  return { body: toAnswer(call.path, raw ?? {}), setCookies: response.headers.getSetCookie(), email: emailIn(raw) }
}

async function askBetterAuth(services: Services, call: SignInCall) {
  const { path, body, headers, address } = call
  if (SINGLE_SIGN_ON.has(path)) {
    const { response } = await services.signIn.singleSignOn(text(body, 'provider'), {
      step: 'begin',
      next: text(body, 'next'),
      confirms: await confirmedBy(services, call),
      headers,
      address,
    })
    return { response, raw: await readJson(response) }
  }
  // Who stole a session must not be able to leave a passkey behind, which outlives it.
  const steps: readonly { readonly path: string; readonly body: object | null }[] =
    path === 'passkey/generate-register-options'
      ? [...(body['password'] === undefined ? [] : [{ path: 'verify-password', body }]), { path, body: null }]
      : [{ path, body: toBetterAuth(call) }]
  let answered: { readonly response: Response; readonly raw: Readonly<Record<string, unknown>> | null } | null = null
  for (const step of steps) {
    const response = await services.signIn.handle({ headers, address, path: `/${step.path}`, body: step.body })
    answered = { response, raw: await readJson(response) }
    if (!response.ok) break
  }
  if (answered === null) throw new Error(`${path} has no steps`)
  return answered
}

const SINGLE_SIGN_ON: ReadonlySet<string> = new Set(['sign-in/social', 'confirm/social'])

/** The address of the user who says again who they are, at a provider that knows them. @throws AppError `unauthenticated`, `notFound` */
async function confirmedBy(services: Services, { path, body, headers }: SignInCall): Promise<string | null> {
  if (path !== 'confirm/social') return null
  const session = services.signIn.hasCookie(headers) ? await services.signIn.findSession(headers) : null
  if (session === null) throw unauthenticated()
  const provider = text(body, 'provider')
  const providers = await nameProvidersOf(services, session.userId)
  if (!providers.some(({ id }) => id === provider)) throw notFound('sign-in provider', provider)
  return (await loadUser(services, session.userId)).email
}

async function readJson(response: Response): Promise<Readonly<Record<string, unknown>> | null> {
  return (await response.json().catch(() => null)) as Readonly<Record<string, unknown>> | null
}

function text(body: SignInCall['body'], name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}

function emailIn(raw: Readonly<Record<string, unknown>> | null): string | null {
  const user = raw?.['user']
  return typeof user === 'object' && user !== null && 'email' in user && typeof user.email === 'string' ? user.email : null
}

/** Whose failures count: for the paths that take a password, which a thief of a session could guess as well, or a passkey. */
async function subjectsOf(services: Services, call: SignInCall): Promise<Subject[]> {
  const { body } = call
  const address: Subject[] = call.address === null ? [] : [{ kind: 'address', value: call.address }]
  if (call.path === 'passkey/verify-authentication') return address
  if (call.path === 'passkey/generate-register-options' && body['password'] === undefined) await requireFresh(services, call)
  if (body['password'] === undefined && body['currentPassword'] === undefined) return []
  if (typeof body['email'] === 'string') return [...address, { kind: 'email', value: body['email'] }]
  const session = services.signIn.hasCookie(call.headers) ? await services.signIn.findSession(call.headers) : null
  if (session === null) throw unauthenticated()
  const user = await loadUser(services, session.userId)
  if (typeof body['newPassword'] === 'string') checkPassword(body['newPassword'], user)
  return [...address, { kind: 'email', value: user.email }]
}

/** How long after the sign-in somebody without a password need not show anew who they are. */
const FRESH_MS = 10 * MINUTE_MS

async function requireFresh(services: Services, { headers }: SignInCall): Promise<void> {
  const session = services.signIn.hasCookie(headers) ? await services.signIn.findSession(headers) : null
  if (session === null || Date.now() - session.signedInAt > FRESH_MS) throw unauthenticated()
  if ((await loadUser(services, session.userId)).hasPassword)
    throw new AppError('invalid', 'Registering a passkey: the password is missing: send it.', { facts: { field: 'password' } })
}

/** What the authenticator calls its passkey. */
function credentialOf({ body }: SignInCall): string {
  const response = body['response']
  return typeof response === 'object' && response !== null && 'id' in response ? String(response.id) : ''
}

function toBetterAuth({ path, body }: SignInCall): object | null {
  if (path === 'change-password') return { ...body, revokeOtherSessions: true }
  if (path === 'passkey/generate-authenticate-options') return null
  return body
}

function toAnswer(path: SignInPath, raw: Readonly<Record<string, unknown>>): object {
  if (path === 'sign-in/email')
    return { next: raw['twoFactorRedirect'] === true ? 'secondFactor' : 'signedIn' } satisfies SignInAnswer
  if (SINGLE_SIGN_ON.has(path)) return { url: String(raw['url']) } satisfies SingleSignOnAnswer
  if (path === 'passkey/generate-register-options') return raw
  if (path === 'passkey/generate-authenticate-options') {
    const { challenge, rpId } = raw
    return { challenge: String(challenge), rpId: String(rpId), userVerification: 'required' } satisfies PasskeySignInOptions
  }
  if (path === 'two-factor/enable' || path === 'two-factor/generate-backup-codes') {
    const backupCodes = raw['backupCodes'] as string[]
    return { ...('totpURI' in raw && { totpUri: String(raw['totpURI']) }), backupCodes } satisfies SecondFactorAnswer
  }
  return {}
}
