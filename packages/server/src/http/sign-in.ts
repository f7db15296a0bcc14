/**
 * `/api/auth/*`: what of better-auth is let through, with which fields, how often, and with failures as problem documents.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { SIGN_IN_REQUESTS, type SecondFactorAnswer, type SignInAnswer, type SignInPath } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { checkPassword } from '../services/access/links.ts'
import { countAttempt, forgiveAttempt, type Subject } from '../services/access/sign-in-failures.ts'
import { loadUser } from '../services/access/users.ts'
import type { Services } from '../services/context.ts'
import { networkAddress } from './network-address.ts'
import { refuseOtherSites } from './same-site.ts'
import { recordSignIn, type SignInCall } from './sign-in-trail.ts'

const AUTH_PATH = '/api/auth'

/** Adds the routes; `app` renders what they throw. */
export function addSignIn(app: Hono<{ readonly Variables: { requestId: string } }>, services: Services): void {
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
  const raw: unknown = await context.req.json().catch(() => null)
  const parsed = SIGN_IN_REQUESTS[path].safeParse(raw)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new AppError('invalid', `Reading the request: ${faults.join('; ')}.`, { facts: { faults } })
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
    subjects = await subjectsOf(services, call)
    await countAttempt(services, subjects)
  }
  return recordSignIn(services, call, { permit, run: () => ask(services, call, subjects) })
}

async function ask(services: Services, call: SignInCall, subjects: readonly Subject[]): Promise<Answer> {
  const response = await services.signIn.handle({ ...call, path: `/${call.path}`, body: toBetterAuth(call) })
  const raw = (await response.json().catch(() => null)) as Readonly<Record<string, unknown>> | null
  const failure = response.ok ? null : toProblem(call.path, response.status, raw)
  if (failure?.code !== 'signInRefused') await forgiveAttempt(services, subjects)
  if (failure !== null) throw failure
  return { body: toAnswer(call.path, raw ?? {}), setCookies: response.headers.getSetCookie(), email: emailIn(raw) }
}

function emailIn(raw: Readonly<Record<string, unknown>> | null): string | null {
  const user = raw?.['user']
  return typeof user === 'object' && user !== null && 'email' in user && typeof user.email === 'string' ? user.email : null
}

/** Whose failures count: for the paths that take a password, which a thief of a session could guess as well. */
async function subjectsOf(services: Services, call: SignInCall): Promise<Subject[]> {
  if (!('password' in call.body) && !('currentPassword' in call.body)) return []
  const address: Subject[] = call.address === null ? [] : [{ kind: 'address', value: call.address }]
  if (call.body['email'] !== undefined) return [...address, { kind: 'email', value: call.body['email'] }]
  const session = services.signIn.hasCookie(call.headers) ? await services.signIn.findSession(call.headers) : null
  if (session === null) throw unauthenticated()
  const user = await loadUser(services, session.userId)
  if (call.body['newPassword'] !== undefined) checkPassword(call.body['newPassword'], user)
  return [...address, { kind: 'email', value: user.email }]
}

function toBetterAuth({ path, body }: SignInCall): object {
  if (path === 'change-password') return { ...body, revokeOtherSessions: true }
  return body
}

function toAnswer(path: SignInPath, raw: Readonly<Record<string, unknown>>): object {
  if (path === 'sign-in/email')
    return { next: raw['twoFactorRedirect'] === true ? 'secondFactor' : 'signedIn' } satisfies SignInAnswer
  if (path === 'two-factor/enable' || path === 'two-factor/generate-backup-codes') {
    const backupCodes = raw['backupCodes'] as string[]
    return { ...('totpURI' in raw && { totpUri: String(raw['totpURI']) }), backupCodes } satisfies SecondFactorAnswer
  }
  return {}
}

const REFUSALS_OF_PASSWORD = ['INVALID_EMAIL_OR_PASSWORD', 'INVALID_EMAIL', 'INVALID_PASSWORD', 'PASSWORD_TOO_LONG']
const REFUSALS_OF_CODE = ['INVALID_CODE', 'INVALID_BACKUP_CODE']
const CHALLENGE_OVER = ['INVALID_TWO_FACTOR_COOKIE', 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE']
const NOT_NOW = ['TOTP_ALREADY_ENABLED', 'TOTP_NOT_ENABLED', 'TWO_FACTOR_NOT_ENABLED', 'BACKUP_CODES_NOT_ENABLED']

/** How long better-auth locks a second factor after ten wrong codes. */
const SECOND_FACTOR_PAUSE_SECONDS = 900

function toProblem(path: SignInPath, status: number, raw: Readonly<Record<string, unknown>> | null): AppError {
  const code = typeof raw?.['code'] === 'string' ? raw['code'] : ''
  if (REFUSALS_OF_PASSWORD.includes(code))
    return new AppError('signInRefused', 'Checking the password: it is not the one of this user: check it and try again.')
  if (REFUSALS_OF_CODE.includes(code))
    return new AppError('secondFactorRefused', 'Checking the code: it is wrong: enter the one that the app shows now.', {
      facts: { beginAgain: false },
    })
  if (code === 'CODE_USED')
    return new AppError('secondFactorRefused', 'Checking the code: it was used before: wait until the app shows the next one.', {
      facts: { beginAgain: false },
    })
  if (CHALLENGE_OVER.includes(code))
    return new AppError('secondFactorRefused', 'Checking the code: this sign-in is over: begin with the password again.', {
      facts: { beginAgain: true },
    })
  if (code === 'ACCOUNT_TEMPORARILY_LOCKED')
    return new AppError('rateLimited', 'Checking the code: too many were wrong: wait, then begin again.', {
      retryAfterSeconds: SECOND_FACTOR_PAUSE_SECONDS,
      facts: { retryAfterSeconds: SECOND_FACTOR_PAUSE_SECONDS },
    })
  if (NOT_NOW.includes(code))
    return new AppError('conflict', `Handling ${path}: the second factor is not in the state for it: read /api/v1/me again.`)
  if (status === 401) return unauthenticated()
  throw new Error(`better-auth answered ${status} ${code} to ${path}`)
}

function unauthenticated(): AppError {
  return new AppError('unauthenticated', 'Signing in: there is no session, or it has ended: sign in again.')
}
