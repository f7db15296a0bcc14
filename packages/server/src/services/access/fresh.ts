/**
 * Fresh authentication: what a session that was left open, or stolen, must not do asks again who is there.
 *
 * @module
 */
import type { Scope, SingleSignOnFault } from '@evercert/contract'
import { leadToKeys } from '../../domain/access/key-scopes.ts'
import { AppError } from '../../domain/errors.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import type { Caller, Services } from '../context.ts'
import { listPasskeys, notePasskeyUse, passkeySite } from './passkeys.ts'
import { requireUser } from './sessions.ts'
import { nameProvidersOf } from './sign-in-providers.ts'
import { countAttempt, forgiveAttempt, type Subject } from './sign-in-failures.ts'
import { loadUser } from './users.ts'

export type Confirmation =
  | { readonly password: string }
  | { readonly code: string }
  | { readonly passkey: Readonly<Record<string, unknown>> & { readonly id: string } }

/** Where the request comes from; its cookies say whose second factor it is. */
export interface Asker {
  readonly headers: Headers
  readonly address: string | null
}

/**
 * Sessions go by the system clock, as better-auth does.
 *
 * @throws AppError `freshAuthenticationNeeded` when the user of a session was last seen longer ago than the service's setting allows
 */
export async function requireFresh(services: Services, { sessionId }: Caller, what = 'Giving out a private key'): Promise<void> {
  if (sessionId === undefined) return
  const row = await services.db
    .selectFrom('session')
    .select(['created_at', 'authenticated_at'])
    .where('id', '=', sessionId)
    .executeTakeFirst()
  const last = Math.max(row?.created_at.getTime() ?? 0, row?.authenticated_at?.getTime() ?? 0)
  if (Date.now() - last <= services.freshAuthenticationMs) return
  const minutes = Math.round(services.freshAuthenticationMs / 60_000)
  throw new AppError(
    'freshAuthenticationNeeded',
    `${what}: the session said more than ${minutes} minutes ago who it is: give password, code or passkey again, or go to your provider of single sign-on again.`,
    { facts: { maxAgeMinutes: minutes } },
  )
}

/** @throws AppError `signInRefused`, `secondFactorRefused`, `passkeyRefused`, `rateLimited`, `forbidden` when a token calls */
export async function confirmSession(
  services: Services,
  caller: Caller,
  given: Confirmation,
  asker: Asker,
): Promise<{ freshUntil: string }> {
  const { userId, sessionId } = requireUser(caller)
  const { email, hasSecondFactor } = await loadUser(services, userId)
  const address: Subject[] = asker.address === null ? [] : [{ kind: 'address', value: asker.address }]
  const subjects: Subject[] = [...address, { kind: 'email', value: email }]
  await countAttempt(services, subjects)
  if ('password' in given) await checkPassword(services, userId, given.password)
  else if ('passkey' in given) await checkPasskey(services, userId, given.passkey, asker)
  else await checkCode(services, hasSecondFactor, given.code, asker)
  await forgiveAttempt(services, subjects)
  const now = Date.now()
  await noteAuthentication(services, { sessionId, userId }, now)
  return { freshUntil: new Date(now + services.freshAuthenticationMs).toISOString() }
}

function noteAuthentication(
  { db }: Services,
  { sessionId, userId }: { readonly sessionId: string; readonly userId: string },
  at: number,
) {
  const authenticated_at = new Date(at)
  return db.updateTable('session').set({ authenticated_at }).where('id', '=', sessionId).where('user_id', '=', userId).execute()
}

/**
 * Before somebody is given by a session what leads to keys: a token, a login or a member made by it would get keys that the session itself does not.
 *
 * @param what is done, for people
 * @throws AppError `freshAuthenticationNeeded`
 */
export async function requireFreshFor(
  services: Services,
  caller: Caller,
  { scopes, what }: { readonly scopes: Iterable<Scope>; readonly what: string },
): Promise<void> {
  if (leadToKeys(scopes)) await requireFresh(services, caller, what)
}

/** How long ago a provider may have asked: it was told to ask now, and the clocks of two machines differ. */
const PROVIDER_ASKED_MS = 3 * MINUTE_MS

/**
 * The user of a session was at their provider of single sign-on and came back.
 *
 * @param came of whom the provider said that it asked, and when
 * @throws AppError `singleSignOnRefused` when that was somebody else, or not just now
 */
export async function confirmByProvider(
  services: Services,
  session: { readonly sessionId: string; readonly userId: string } | null,
  came: { readonly userId: string | null; readonly authenticatedAt: number | null; readonly next: string },
): Promise<{ email: string }> {
  if (session === null || came.userId !== session.userId) throw signOnRefused('otherUser', came.next)
  const age = came.authenticatedAt === null ? Infinity : Math.abs(Date.now() - came.authenticatedAt)
  if (age > PROVIDER_ASKED_MS) throw signOnRefused('notAnew', came.next)
  await noteAuthentication(services, session, Date.now())
  return { email: (await loadUser(services, session.userId)).email }
}

/** @param next where somebody wanted to go, who is in; null: nobody is */
export function signOnRefused(fault: SingleSignOnFault, next: string | null = null): AppError {
  return new AppError('singleSignOnRefused', `Coming back from single sign-on: ${fault}: begin again at the sign-in page.`, {
    facts: { fault, ...(next !== null && { next }) },
  })
}

/** In which ways they can say again who they are. @throws AppError `forbidden` when a token calls */
export async function confirmationWays(services: Services, caller: Caller) {
  const { userId } = requireUser(caller)
  const { hasPassword, hasSecondFactor } = await loadUser(services, userId)
  const passkeys = passkeySite(services.publicUrl) === null ? [] : await listPasskeys(services, caller)
  const providers = await nameProvidersOf(services, userId)
  return { password: hasPassword, code: hasSecondFactor, passkey: passkeys.length > 0, providers }
}

/** better-auth checks it and signs in by it, which is taken back: what counts is whose it is. */
async function checkPasskey(services: Services, userId: string, passkey: { readonly id: string }, asker: Asker): Promise<void> {
  const response =
    passkeySite(services.publicUrl) === null
      ? null
      : await services.signIn.handle({ path: '/passkey/verify-authentication', body: { response: passkey }, ...asker })
  const whose = response?.ok === true ? await services.signIn.takeBack(response.headers.getSetCookie()) : null
  if (whose !== userId)
    throw new AppError(
      'passkeyRefused',
      'Checking the passkey: it is not one of this user, or its answer does not fit: try again.',
    )
  await notePasskeyUse(services, passkey.id)
}

async function checkPassword(services: Services, userId: string, password: string): Promise<void> {
  if (await services.signIn.checkPassword(userId, password)) return
  throw new AppError('signInRefused', 'Checking the password: it is not the one of this user: check it and try again.')
}

/** better-auth checks it, and takes each code once. */
async function checkCode(services: Services, hasSecondFactor: boolean, code: string, asker: Asker): Promise<void> {
  const response = hasSecondFactor
    ? await services.signIn.handle({ path: '/two-factor/verify-totp', body: { code }, ...asker })
    : null // verifying the first code would turn the second factor on
  if (response?.ok === true) return
  throw new AppError(
    'secondFactorRefused',
    'Checking the code: it is wrong, was used, or there is no second factor: give the next one.',
    {
      facts: { beginAgain: false },
    },
  )
}
