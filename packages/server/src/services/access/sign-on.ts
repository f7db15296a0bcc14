/**
 * The two steps of single sign-on in better-auth: out to the provider, and back with somebody who comes in, who is asked for a second factor of
 * ours, or who is in already and said again who they are.
 *
 * @module
 */
import type { BetterAuthPlugin } from '@better-auth/core'
import type { OAuthProvider } from '@better-auth/core/oauth2'
import type { SingleSignOnFault } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import type { Came, SignInRequestOfCaller, SingleSignOnResult, SingleSignOnStep } from '../../ports/sign-in.ts'
import type { Services } from '../context.ts'
import { createOpenIdProvider, credentialProvider, type ProviderProof, type Purpose } from './openid.ts'
import { openSignInProvider } from './sign-in-providers.ts'

type Needs = Pick<Services, 'vault' | 'publicUrl'> & { readonly db: Db; readonly kit: Pick<AdapterKit, 'fetch'> }

/** A further request to better-auth with a plugin of its own. */
type Handle = (plugin: BetterAuthPlugin, request: Omit<SignInRequestOfCaller, 'headers' | 'address'>) => Promise<Response>

type Hook = NonNullable<NonNullable<BetterAuthPlugin['hooks']>['after']>[number]

const CONSOLE_SIGN_IN = '/sign-in'
/** The way back of who says again who they are: kept by better-auth in its state. Nobody is led there; no `next` of a caller begins so. */
const CONFIRMED = '/api/auth/confirmed?next='

/** Made anew for each step: the operator may have changed the provider meanwhile, on another node too. */
export async function signOn(
  needs: Needs,
  {
    id,
    step,
    handle,
    askSecondFactor,
  }: {
    readonly id: string
    readonly step: SingleSignOnStep
    readonly handle: Handle
    /** What better-auth does after a password. */
    readonly askSecondFactor: Hook['handler']
  },
): Promise<SingleSignOnResult> {
  let fault: SingleSignOnFault | null = null
  let proof: ProviderProof | null = null
  const purpose: Purpose =
    step.step === 'begin' && step.confirms !== null ? { kind: 'confirm', email: step.confirms } : { kind: 'enter' }
  const listener = {
    tell: (told: SingleSignOnFault) => void (fault ??= told),
    seen: (seen: ProviderProof) => void (proof = seen),
  }
  const provider = await createOpenIdProvider(needs.kit, await openSignInProvider(needs, id), listener, purpose)
  const second = secondFactorHook(askSecondFactor, () => proof?.asksSecondFactor === true)
  const plugin: BetterAuthPlugin = {
    id: 'single-sign-on',
    init: ({ socialProviders }: { readonly socialProviders: readonly OAuthProvider[] }) => ({
      context: { socialProviders: [provider, ...socialProviders] },
    }),
    hooks: { after: [second.hook] },
  }
  const response = await handle(plugin, requestOf(credentialProvider(id), step))
  if (step.step === 'begin') return { response, fault, came: null }
  const found = proof as ProviderProof | null
  return {
    response,
    fault,
    came: second.pending() ?? cameTo(response.headers.get('location') ?? '', found?.authenticatedAt ?? null),
  }
}

function requestOf(provider: string, step: SingleSignOnStep): Omit<SignInRequestOfCaller, 'headers' | 'address'> {
  if (step.step === 'callback') return { path: `/callback/${provider}?${step.query.toString()}`, body: null }
  const callbackURL = step.confirms === null ? step.next : `${CONFIRMED}${encodeURIComponent(step.next)}`
  return { path: '/sign-in/social', body: { provider, callbackURL, errorCallbackURL: CONSOLE_SIGN_IN, disableRedirect: true } }
}

/** Ours alone: better-auth gives back what we gave it, and this would hold if it did not. */
function isOwnPath(place: string): boolean {
  return /^\/(?![/\\])/.test(place)
}

function cameTo(place: string, seconds: number | null): Came | null {
  if (!isOwnPath(place) || place.startsWith(`${CONSOLE_SIGN_IN}?error=`)) return null
  if (!place.startsWith(CONFIRMED)) return { kind: 'entered', next: place }
  const next = decodeURIComponent(place.slice(CONFIRMED.length))
  return isOwnPath(next) ? { kind: 'confirmed', next, authenticatedAt: seconds === null ? null : seconds * 1000 } : null
}

/** After somebody came in: what better-auth does with whom a password let in, if they have a second factor and the provider's does not count. */
function secondFactorHook(askSecondFactor: Hook['handler'], isAsked: () => boolean) {
  let pending: Came | null = null
  const hook: Hook = {
    matcher: ({ path, context }) => {
      const { newSession, returned } = context as unknown as Context
      const place = locationIn(returned)
      if (path !== '/callback/:id' || !isAsked() || newSession?.user.twoFactorEnabled !== true) return false
      if (place === null || place.startsWith(CONFIRMED)) return false
      pending = { kind: 'secondFactor', next: place, email: newSession.user.email }
      return true
    },
    handler: askSecondFactor,
  }
  return { hook, pending: () => pending }
}

/** As much of better-auth's context as is read. */
interface Context {
  readonly newSession: { readonly user: { readonly email: string; readonly twoFactorEnabled?: boolean } } | null
  readonly returned: unknown
}

function locationIn(returned: unknown): string | null {
  const headers = returned !== null && typeof returned === 'object' && 'headers' in returned ? returned.headers : null
  if (headers === null || headers === undefined) return null
  return new Headers(headers as ConstructorParameters<typeof Headers>[0]).get('location')
}
