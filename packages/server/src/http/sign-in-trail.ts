/**
 * What the audit log has of signing in and out, of passwords and second factors.
 *
 * @module
 */
import type { SignInPath } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import type { AuditEvent } from '../services/audit/log.ts'
import { findNamed } from '../services/audit/named.ts'
import { findWhoSignsIn, type WhoSignsIn } from '../services/audit/who-signs-in.ts'
import type { Services } from '../services/context.ts'

/** What is recorded: a path that takes JSON, or the way back from single sign-on. */
export interface SignInCall<Path extends SignInPath | 'callback' = SignInPath> {
  readonly path: Path
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
  readonly address: string | null
  readonly requestId: string
}

interface Outcome {
  readonly body: object
  /** E-mail address of who signed in, where only the answer says so. */
  readonly email: string | null
}

/**
 * An attempt that the brake lets through leaves an intent, and then its entry. Of an unknown address only that it was unknown is kept.
 *
 * @param email of whom it is about; null: of whoever has the session
 */
export async function recordSignIn<Result extends Outcome>(
  services: Services,
  call: SignInCall<SignInPath | 'callback'>,
  {
    email,
    permit,
    run,
  }: { readonly email: string | null; readonly permit: () => Promise<void>; readonly run: () => Promise<Result> },
): Promise<Result> {
  const log = services.audit
  const event = toEvent(call, await findWhoSignsIn(services, { email, headers: call.headers }), await providerOf(services, call))
  let intent: string | null = null
  try {
    await permit()
    intent = await log.begin(event)
    const result = await run()
    const who = result.email === null ? null : await findWhoSignsIn(services, { email: result.email, headers: null })
    const next = 'next' in result.body && NEXT.has(result.body.next) ? { next: result.body.next } : {}
    await log.finish(intent, { ...(who === null ? event : { ...event, ...whoIn(who) }), details: { ...event.details, ...next } })
    return result
  } catch (error) {
    if (intent !== null) await log.dismiss(intent)
    const code = error instanceof AppError ? error.code : 'internal'
    if (code !== 'internal' && code !== 'invalid')
      await log.note(
        { ...event, details: { ...event.details, code, ...faultIn(error) } },
        REFUSED.has(code) ? 'refused' : 'failed',
      )
    throw error
  }
}

/** Answers that leave nobody signed in. */
const NEXT: ReadonlySet<unknown> = new Set(['secondFactor', 'confirmed'])

const REFUSED: ReadonlySet<string> = new Set([
  'signInRefused',
  'secondFactorRefused',
  'passkeyRefused',
  'singleSignOnRefused',
  'rateLimited',
  'unauthenticated',
])

function faultIn(error: unknown): object {
  const fault = error instanceof AppError ? error.facts['fault'] : undefined
  return typeof fault === 'string' ? { fault } : {}
}

/** What there is none of may be anything that was typed. */
async function providerOf(services: Services, { body }: SignInCall<SignInPath | 'callback'>): Promise<string | null> {
  const { provider } = body
  return typeof provider === 'string' ? findNamed(services, 'signInProviders', provider) : null
}

function toEvent(
  { path, address, requestId }: SignInCall<SignInPath | 'callback'>,
  who: WhoSignsIn | null,
  provider: string | null,
): AuditEvent {
  return { ...whoIn(who), action: `auth.${path}`, address, requestId, details: provider === null ? {} : { provider } }
}

function whoIn(who: WhoSignsIn | null) {
  return {
    accountId: who?.accountId ?? null,
    actor: who?.email ?? 'nobody',
    actorKind: who === null ? 'nobody' : 'user',
    actorId: who?.userId ?? null,
    subject: 'user',
    subjectId: who?.userId ?? null,
  } as const
}
