/**
 * Fresh authentication: what a session that was left open, or stolen, must not do asks again who is there.
 *
 * @module
 */
import { AppError } from '../../domain/errors.ts'
import type { Caller, Services } from '../context.ts'
import { requireUser } from './sessions.ts'
import { countAttempt, forgiveAttempt, type Subject } from './sign-in-failures.ts'
import { loadUser } from './users.ts'

export type Confirmation = { readonly password: string } | { readonly code: string }

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
export async function requireFresh(services: Services, { sessionId }: Caller): Promise<void> {
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
    `Giving out a private key: the session said more than ${minutes} minutes ago who it is: give password or code again.`,
    { facts: { maxAgeMinutes: minutes } },
  )
}

/** @throws AppError `signInRefused`, `secondFactorRefused`, `rateLimited`, `forbidden` when a token calls */
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
  else await checkCode(services, hasSecondFactor, given.code, asker)
  await forgiveAttempt(services, subjects)
  const now = Date.now()
  await services.db
    .updateTable('session')
    .set({ authenticated_at: new Date(now) })
    .where('id', '=', sessionId)
    .where('user_id', '=', userId)
    .execute()
  return { freshUntil: new Date(now + services.freshAuthenticationMs).toISOString() }
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
