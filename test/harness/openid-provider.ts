/**
 * An OpenID Connect provider (oidc-provider) on a free port of this machine. Whoever comes is signed in as the person that the test chose.
 *
 * @module
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export interface Person {
  readonly sub: string
  readonly email: string
  readonly email_verified: boolean
  readonly name?: string
}

export interface OpenIdProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Null: refuses, as somebody does who presses "cancel". */
  person: Person | null
  /** How they signed in there, and how long ago it says that was. */
  proof: { readonly acr?: string; readonly amr?: string[]; readonly secondsAgo?: number }
  close(): Promise<void>
}

export async function startOpenIdProvider(redirectUrl: string): Promise<OpenIdProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clientSecret = randomBytes(24).toString('base64url')
  const people = new Map<string, Person>()
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'evercert', client_secret: clientSecret, redirect_uris: [redirectUrl] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub', 'acr', 'amr'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    acrValues: ['one', 'two'],
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ ...people.get(id), sub: id }) }),
    loadExistingGrant: async (context) => {
      const { session, client } = context.oidc
      const grant = new context.oidc.provider.Grant({ accountId: session?.accountId ?? '', clientId: client?.clientId ?? '' })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  const running: OpenIdProvider = {
    issuer,
    clientId: 'evercert',
    clientSecret,
    person: null,
    proof: {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return void answer(request, response)
    const { person } = running
    if (person !== null) people.set(person.sub, person)
    const { secondsAgo = 0, ...how } = running.proof
    const ts = Math.floor(Date.now() / 1000) - secondsAgo
    const outcome =
      person === null ? { error: 'access_denied' } : { login: { accountId: person.sub, remember: false, ts, ...how } }
    return void provider.interactionFinished(request, response, outcome)
  })
  return running
}
