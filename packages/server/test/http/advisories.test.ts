/** Advisories of other certificate managers that have no test elsewhere; all of them are in a table in docs/standards.md. */
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { acme } from '../../src/adapters/ca/acme/acme.ts'
import { AppError } from '../../src/domain/errors.ts'
import { openBrowser, tokenOf } from '../support/browser.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const PASSWORD = 'seven calm lighthouses'
const EMAIL = 'bob@example.com'
/** Cloud metadata: what no URL of another side may lead to. */
const FORBIDDEN = 'https://169.254.169.254/latest/meta-data'

const listening: Server[] = []
async function listen(server: Server): Promise<number> {
  listening.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

oneDatabase((_kind, open) => {
  let service: TestService

  beforeAll(async () => {
    const port = await freePort()
    const environment = { EVERCERT_PORT: String(port), EVERCERT_PUBLIC_URL: `http://127.0.0.1:${port}` }
    service = await startTestService({ database: await open(), worker: IDLE_WORKER, environment })
    const { link } = await service.client.invitations.create({ email: EMAIL, role: 'viewer' })
    await service.client.invitations.accept({ token: tokenOf(link), name: 'Bob', password: PASSWORD })
  })
  afterAll(async () => {
    await service.stop()
    for (const server of listening) server.close()
  })

  test('a password is stored as scrypt with a salt of its own, also when it is changed or set by a link', async () => {
    const stored = async () => {
      const rows = await service.services.db.selectFrom('credential').select('password').execute()
      return rows.flatMap(({ password }) => (password === null ? [] : [password]))
    }
    const seen = new Set<string>()
    const expectHashed = async (...passwords: readonly string[]) => {
      const [hash = ''] = await stored()
      expect(hash).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/)
      for (const password of passwords) expect(hash).not.toContain(password)
      expect(seen.has(hash)).toBe(false)
      seen.add(hash)
    }
    await expectHashed(PASSWORD)
    const browser = openBrowser(service)
    await browser.signIn({ email: EMAIL, password: PASSWORD })
    const changed = await browser.signInPath('change-password', {
      currentPassword: PASSWORD,
      newPassword: 'another calm lighthouse',
    })
    expect(changed.status).toBe(200)
    await expectHashed(PASSWORD, 'another calm lighthouse')
    const { link } = await service.client.users.recover({ id: (await browser.me()).user?.id ?? '' })
    await service.client.recovery.use({ token: tokenOf(link), password: PASSWORD })
    await expectHashed(PASSWORD) // the first password again, with another salt
  })

  describe('a provider of single sign-on', () => {
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }
    const CLIENT_SECRET = 'a secret that both sides know'
    let forge: (header: object, claims: object) => string
    let tokenUrl: string | null = null
    let issuer: string
    let nonce = ''

    beforeAll(async () => {
      const server = createServer((request, response) => {
        request.resume()
        const answer = (value: object) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
        if (request.url === '/.well-known/openid-configuration')
          return answer({
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: tokenUrl ?? `${issuer}/token`,
            jwks_uri: `${issuer}/jwks`,
            id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
          })
        if (request.url === '/jwks') return answer({ keys: [jwk] })
        const iat = Math.floor(Date.now() / 1000)
        const claims = {
          iss: issuer,
          aud: 'evercert',
          sub: 's-1',
          email: EMAIL,
          email_verified: true,
          nonce,
          iat,
          exp: iat + 300,
        }
        return answer({ access_token: 'a', token_type: 'Bearer', id_token: forge({ typ: 'JWT', kid: 'k1' }, claims) })
      })
      issuer = `http://127.0.0.1:${await listen(server)}`
      await service.client.signInProviders.create({
        id: 'forged',
        title: 'Forged',
        issuer,
        clientId: 'evercert',
        clientSecret: CLIENT_SECRET,
        allowedDomains: ['example.com'],
        newUsers: false,
      })
    })

    /** @returns where the service leads after the provider's answer */
    async function arrive(): Promise<string> {
      const browser = openBrowser(service)
      const begun = await browser.signInPath('sign-in/social', { provider: 'forged', next: '/settings' })
      const url = new URL(String(begun.body['url']))
      nonce = url.searchParams.get('nonce') ?? ''
      const back = `/api/auth/callback/forged?${new URLSearchParams({ state: url.searchParams.get('state') ?? '', code: 'c' }).toString()}`
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await service.fetch(back, { redirect: 'manual', headers: { cookie } })
      return response.headers.get('location') ?? ''
    }

    const signed = (header: object, claims: object, key: KeyObject = privateKey): string => {
      const text = `${encoded({ ...header, alg: 'RS256' })}.${encoded(claims)}`
      return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
    }
    const keyed = (key: string) => (header: object, claims: object) => {
      const text = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
    }

    test('signs in by a signature of its key, and by nothing that only says it is one', async () => {
      forge = signed
      expect(await arrive()).toBe('/settings')
      const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      const forgeries: Readonly<Record<string, typeof forge>> = {
        'no algorithm': (header, claims) => `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`,
        'no signature': (header, claims) => `${signed(header, claims).split('.').slice(0, 2).join('.')}.`,
        'the public key as a secret': keyed(spki),
        'the secret of the client': keyed(CLIENT_SECRET),
        'another key under the same name': (header, claims) => signed(header, claims, other),
        'a key of its own in the header': (header, claims) =>
          signed({ ...header, kid: undefined, jwk: other.export({ format: 'jwk' }) }, claims, other),
        'of yesterday': (header, claims) => signed(header, { ...claims, iat: 1, exp: 2 }),
        'for another client': (header, claims) => signed(header, { ...claims, aud: 'somebody else' }),
        'of another issuer': (header, claims) => signed(header, { ...claims, iss: 'https://elsewhere.example' }),
      }
      for (const [what, forgery] of Object.entries(forgeries)) {
        forge = forgery
        expect({ what, place: await arrive() }).toEqual({ what, place: '/sign-in?fault=doesNotFit' })
      }
    })

    test('leads the service to no address that is forbidden', async () => {
      forge = signed
      tokenUrl = FORBIDDEN
      expect(await arrive()).toBe('/sign-in?fault=away')
      tokenUrl = null
    })
  })

  test('a URL that the CA itself returns leads to no address that is forbidden', async () => {
    const root = createRoot()
    const { chainPem, privateKeyPem } = root.issue({ names: ['127.0.0.1'] })
    let origin = ''
    const wrong: { readonly name: string; readonly url: string }[] = []
    const server = createTlsServer({ cert: chainPem, key: privateKeyPem }, (request, response) => {
      request.resume()
      const own = (name: string) => wrong.find((each) => each.name === name)?.url ?? `${origin}/${name}`
      response.setHeader('replay-nonce', 'bm9uY2U')
      if (request.url === '/newNonce') return void response.end()
      if (request.url === '/newAccount')
        return void response
          .writeHead(201, { location: `${origin}/account/1`, 'content-type': 'application/json' })
          .end('{"status":"valid"}')
      const endpoints = Object.fromEntries(
        ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange'].map((name) => [name, own(name)]),
      )
      return void response.setHeader('content-type', 'application/json').end(JSON.stringify(endpoints))
    })
    origin = `https://127.0.0.1:${await listen(server)}`
    const openAccount = async () => {
      const config = acme.config.parse({ directoryUrl: `${origin}/dir`, caPem: root.pem })
      const ca = acme.create(config, service.services.kit)
      return ca.openAccount(await ca.createAccount())
    }
    expect(await openAccount()).toContain(`${origin}/account/1`)
    for (const name of ['newNonce', 'newAccount']) {
      wrong.splice(0, 1, { name, url: `${FORBIDDEN}/${name}` })
      const error: unknown = await openAccount().catch((reason: unknown) => reason)
      expect({ name, code: error instanceof AppError ? error.code : error }).toEqual({ name, code: 'addressForbidden' })
    }
  })
})
