/**
 * An OpenID Connect provider as better-auth takes it: state, PKCE and nonce, the check of the ID token and whose account it is are its; every
 * request is ours, by the guarded client. One is made for each request, and what the provider gave is gone after it.
 *
 * @module
 */
import type { OAuthProvider } from '@better-auth/core/oauth2'
import type { ProviderSecondFactor, SingleSignOnFault } from '@evercert/contract'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { AdapterKit } from '../../ports/kit.ts'

export interface OpenSignInProvider {
  readonly id: string
  readonly title: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Of e-mail addresses, in lower case. */
  readonly allowedDomains: readonly string[]
  readonly newUsers: boolean
  readonly secondFactor: ProviderSecondFactor
  readonly requiredAcr: readonly string[]
  readonly redirectUrl: string
}

type Kit = Pick<AdapterKit, 'fetch'>

const TIMEOUT_MS = 10_000
const MAX_BYTES = 262_144

/** Under which name better-auth has the users of a provider; no way of its own is called so. */
export function credentialProvider(id: string): string {
  return `oidc-${id}`
}

const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  userinfo_endpoint: z.url().optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).default(['RS256']),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
})
type Metadata = z.infer<typeof metadata>

/** None that signs with a secret that we share with the provider, and not `none`. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** OpenID Connect Discovery 1.0 §4. @throws AppError `misconfigured`, `addressForbidden`, `upstreamUnavailable`, `timedOut` */
export async function discover(kit: Kit, issuer: string): Promise<Metadata> {
  requireSecure(issuer, issuer)
  const raw = await fetchJson(kit, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const parsed = metadata.safeParse(raw)
  if (!parsed.success)
    throw unfit(
      issuer,
      `its configuration lacks or has wrong: ${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')}`,
    )
  const { data } = parsed
  if (data.issuer !== issuer) throw unfit(issuer, 'its configuration names another issuer: enter it exactly as the provider does')
  for (const url of [data.authorization_endpoint, data.token_endpoint, data.jwks_uri, data.userinfo_endpoint ?? issuer])
    requireSecure(issuer, url)
  if (!data.id_token_signing_alg_values_supported.some((name) => ALGORITHMS.includes(name)))
    throw unfit(issuer, 'it signs with no algorithm that is taken here')
  return data
}

/** OpenID Connect Core §3.1.2.1; at this machine there is nobody in between. */
function requireSecure(issuer: string, url: string): void {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname))) return
  throw unfit(issuer, 'one of its addresses is not https')
}

function unfit(issuer: string, fault: string): AppError {
  return new AppError('misconfigured', `Reading the OpenID Connect provider ${new URL(issuer).origin}: ${fault}.`)
}

async function fetchJson(kit: Kit, url: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { status, body } = await kit.fetch(url, {
    headers: { accept: 'application/json', ...headers },
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  })
  if (status !== 200) throw away(url, `it answered ${status}`)
  return parseJson(url, body)
}

function parseJson(url: string, body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown
  } catch (cause) {
    throw away(url, 'its answer is no JSON', cause)
  }
}

function away(url: string, what: string, cause?: unknown): AppError {
  return new AppError(
    'upstreamUnavailable',
    `Asking the OpenID Connect provider ${new URL(url).origin}: ${what}: try again later.`,
    {
      cause,
    },
  )
}

/** What becomes known while better-auth does its part, which says less. */
export interface Listener {
  /** Why the sign-in came to nothing. */
  readonly tell: TellFault
  /** What the ID token says of how the person signed in there. */
  readonly seen: (proof: ProviderProof) => void
}
type TellFault = (fault: SingleSignOnFault) => void

export interface ProviderProof {
  /** Epoch seconds; null: not said. */
  readonly authenticatedAt: number | null
  /** Whether our own second factor is to be asked for, of whoever has one. */
  readonly asksSecondFactor: boolean
}

/** What a request is for: somebody comes in, or who is in says again who they are, with whom the provider may guess that it is. */
export type Purpose = { readonly kind: 'enter' } | { readonly kind: 'confirm'; readonly email: string }

const said = z.object({
  sub: z.string().min(1).max(255),
  email: z.email().max(254).optional(),
  email_verified: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  name: z.string().max(256).optional(),
})
const told = z.object({
  auth_time: z.number().optional(),
  acr: z.string().optional(),
  amr: z.array(z.string()).optional(),
})
type Said = z.infer<typeof said>
const tokenAnswer = z.object({ id_token: z.string(), access_token: z.string().optional() })

/** @throws AppError those of {@link discover} */
export async function createOpenIdProvider(
  kit: Kit,
  config: OpenSignInProvider,
  { tell, seen }: Listener,
  purpose: Purpose = { kind: 'enter' },
): Promise<OAuthProvider<Said>> {
  const [tools, { createLocalJWKSet, decodeJwt }, found] = await Promise.all([
    import('@better-auth/core/oauth2'),
    import('jose'),
    discover(kit, config.issuer),
  ])
  const { clientId, clientSecret, redirectUrl: redirectURI } = config
  let given: z.infer<typeof tokenAnswer> | null = null
  const provider: OAuthProvider<Said> = {
    id: credentialProvider(config.id),
    name: config.title,
    issuer: found.issuer,
    accountSubject: ({ profile }) => profile.sub,
    idToken: {
      jwks: async (header, token) => {
        const keys = await telling(tell, () => fetchJson(kit, found.jwks_uri))
        return createLocalJWKSet(keys as Parameters<typeof createLocalJWKSet>[0])(header, token)
      },
      issuer: found.issuer,
      audience: clientId,
      algorithms: found.id_token_signing_alg_values_supported.filter((name) => ALGORITHMS.includes(name)),
    },
    requiresIdTokenNonce: true,
    createAuthorizationURL: ({ state, codeVerifier, idTokenNonce }) =>
      tools.createAuthorizationURL({
        id: config.id,
        options: { clientId, clientSecret, redirectURI },
        authorizationEndpoint: found.authorization_endpoint,
        state,
        codeVerifier,
        scopes: ['openid', 'email', 'profile'],
        redirectURI,
        ...(idTokenNonce !== undefined && { nonce: idTokenNonce }),
        ...wishesOf(config, purpose),
      }),
    validateAuthorizationCode: async ({ code, codeVerifier }) => {
      const { body, headers } = await tools.authorizationCodeRequest({
        code,
        redirectURI,
        options: { clientId, clientSecret, redirectURI },
        tokenEndpoint: found.token_endpoint,
        authentication: found.token_endpoint_auth_methods_supported.includes('client_secret_basic') ? 'basic' : 'post',
        ...(codeVerifier !== undefined && { codeVerifier }),
      })
      given = await telling(tell, () => askForTokens(kit, found.token_endpoint, { body: String(body), headers }))
      return {} // nothing of it is stored
    },
    getUserInfo: async ({ expectedIdTokenNonce }) => {
      if (given === null || expectedIdTokenNonce === undefined) return null
      if (!(await tools.verifyProviderIdToken(provider, given.id_token, expectedIdTokenNonce))) return null
      const claims = said.safeParse(decodeJwt(given.id_token))
      if (!claims.success) return null
      const proof = told.safeParse(decodeJwt(given.id_token))
      if (!proof.success) return null
      const strength = strengthOf(config, proof.data)
      seen({ authenticatedAt: proof.data.auth_time ?? null, asksSecondFactor: strength === 'ask' })
      const profile = await complete(kit, { found, claims: claims.data, accessToken: given.access_token ?? null, tell })
      const fault = profile === null ? 'doesNotFit' : (faultOf(profile, config) ?? (strength === 'refuse' ? 'oneFactor' : null))
      if (fault !== null) tell(fault)
      return profile === null || fault !== null ? null : { user: toUser(profile), data: profile }
    },
    options: { disableSignUp: !config.newUsers },
  }
  return provider
}

/** OpenID Connect Core §3.1.2.1: who says again who they are is asked anew, however they are signed in there. */
function wishesOf({ requiredAcr, secondFactor }: OpenSignInProvider, purpose: Purpose) {
  const isDemanded = secondFactor === 'trusted' && requiredAcr.length > 0
  return {
    ...(purpose.kind === 'confirm' && { prompt: 'login', loginHint: purpose.email }),
    additionalParams: {
      ...(purpose.kind === 'confirm' && { max_age: '0' }),
      ...(isDemanded && { acr_values: requiredAcr.join(' ') }),
    },
  }
}

/** Methods (RFC 8176 §2) that are known by heart: these alone are one factor. */
const KNOWLEDGE = ['pwd', 'pin', 'kba']

/**
 * `ask`: for our own second factor, of whoever has one. A provider that is trusted with it is believed when it says that there were several,
 * or nothing; and where the operator demands a context, only when it says that.
 */
function strengthOf(
  { secondFactor, requiredAcr }: Pick<OpenSignInProvider, 'secondFactor' | 'requiredAcr'>,
  { acr = '', amr = [] }: z.infer<typeof told>,
): 'enough' | 'ask' | 'refuse' {
  if (secondFactor === 'asked') return 'ask'
  if (requiredAcr.length > 0) return requiredAcr.includes(acr) || amr.includes('mfa') ? 'enough' : 'refuse'
  return amr.length > 0 && amr.every((method) => KNOWLEDGE.includes(method)) ? 'ask' : 'enough'
}

const MAX_NAME = 64

function toUser({ email = '', name = '' }: Said) {
  const address = email.toLowerCase()
  return { email: address, name: name.trim().slice(0, MAX_NAME) || address.replace(/@.*$/, ''), emailVerified: true }
}

async function askForTokens(kit: Kit, url: string, request: { readonly body: string; readonly headers: Record<string, string> }) {
  const { status, body } = await kit.fetch(url, { method: 'POST', ...request, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES })
  if (status >= 500) throw away(url, `it answered ${status}`)
  const parsed = status === 200 ? tokenAnswer.safeParse(parseJson(url, body)) : null
  return parsed?.success === true ? parsed.data : null
}

/** The ID token may leave the address to the userinfo endpoint, whose answer has to be of the same person (Core §5.3.2). */
async function complete(
  kit: Kit,
  wish: { readonly found: Metadata; readonly claims: Said; readonly accessToken: string | null; readonly tell: TellFault },
): Promise<Said | null> {
  const { found, claims, accessToken, tell } = wish
  const { userinfo_endpoint: url } = found
  if (claims.email !== undefined || url === undefined || accessToken === null) return claims
  const parsed = said.safeParse(await telling(tell, () => fetchJson(kit, url, { authorization: `Bearer ${accessToken}` })))
  return parsed.success && parsed.data.sub === claims.sub ? parsed.data : null
}

/** A user is found by the address, so nobody is let in by one that the provider does not vouch for. */
function faultOf({ email, email_verified: verified }: Said, { allowedDomains }: OpenSignInProvider): SingleSignOnFault | null {
  if (email === undefined || String(verified) !== 'true') return 'unverified'
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return allowedDomains.includes(domain) ? null : 'otherDomain'
}

async function telling<Answer>(tell: TellFault, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    tell('away')
    throw error
  }
}
