import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../../test/harness/ports.ts'
import { startOpenIdProvider, type OpenIdProvider, type Person } from '../../../../test/harness/openid-provider.ts'
import { openBrowser, tokenOf, type Browser } from '../support/browser.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const PASSWORD = 'seven calm lighthouses'
const BOB: Person = { sub: 'b-1', email: 'Bob@Example.com', email_verified: true, name: 'Bob' }
const NEW: Person = { sub: 'n-1', email: 'new@example.com', email_verified: true, name: 'New Person' }

oneDatabase((_kind, open) => {
  let service: TestService
  let provider: OpenIdProvider
  let settings: { id: string; title: string; issuer: string; clientId: string; clientSecret: string; newUsers: boolean }

  beforeAll(async () => {
    const port = await freePort()
    const environment = { EVERCERT_PORT: String(port), EVERCERT_PUBLIC_URL: `http://127.0.0.1:${port}` }
    service = await startTestService({ database: await open(), worker: IDLE_WORKER, environment })
    provider = await startOpenIdProvider(`${service.url}/api/auth/callback/corp`)
    const { issuer, clientId, clientSecret } = provider
    settings = { id: 'corp', title: 'Example Corp', issuer, clientId, clientSecret, newUsers: false }
    const { link } = await service.client.invitations.create({ email: 'bob@example.com', role: 'viewer' })
    await service.client.invitations.accept({ token: tokenOf(link), name: 'Bob', password: PASSWORD })
  })
  afterAll(async () => {
    await service.stop()
    await provider.close()
  })

  const begin = (browser: Browser, next = '/settings') => browser.signInPath('sign-in/social', { provider: 'corp', next })

  /** As a browser follows redirects at the provider, with its cookies there. @returns the way back, not yet gone */
  async function visit(url: string): Promise<URL> {
    const cookies = new Map<string, string>()
    let place = new URL(url)
    for (let hop = 0; hop < 8 && place.origin === provider.issuer; hop += 1) {
      const response = await fetch(place, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      })
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
        cookies.set(name, value)
      }
      place = new URL(response.headers.get('location') ?? expect.fail(`${response.status} ${await response.text()}`), place)
    }
    return place
  }

  async function signOn(browser: Browser, person: Person | null, change: (url: URL) => void = () => {}): Promise<URL> {
    provider.person = person
    const url = new URL(String((await begin(browser)).body['url']))
    change(url)
    return visit(url.href)
  }

  /** @returns where the service leads then */
  async function comeBack(browser: Browser, back: URL): Promise<string> {
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(back, { redirect: 'manual', headers: { cookie, 'sec-fetch-site': 'cross-site' } })
    for (const line of response.headers.getSetCookie()) {
      const pair = line.split(';')[0] ?? ''
      if (!/max-age=0/i.test(line)) browser.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    expect(response.status).toBe(302)
    return response.headers.get('location') ?? ''
  }

  const users = async () => (await service.client.users.list()).items.map(({ email }) => email)
  const isNobody = async (browser: Browser) => (await browser.send('GET', '/api/v1/me')).status === 401

  describe('is connected by the operator', () => {
    const connect = (change: object) =>
      service.client.signInProviders.create({ ...settings, allowedDomains: ['example.com'], ...change })

    test('when it is what it says, by addresses that may be reached', async () => {
      await expect(connect({ issuer: `${provider.issuer}/` })).rejects.toMatchObject({ problem: { code: 'misconfigured' } })
      await expect(connect({ issuer: 'https://169.254.169.254' })).rejects.toMatchObject({
        problem: { code: 'addressForbidden' },
      })
      await expect(connect({ issuer: 'http://idp.example.com' })).rejects.toMatchObject({ problem: { code: 'misconfigured' } })
      await expect(connect({ issuer: `http://127.0.0.1:${await freePort()}` })).rejects.toMatchObject({
        problem: { code: 'upstreamUnavailable' },
      })
      await expect(connect({ allowedDomains: [] })).rejects.toMatchObject({ problem: { code: 'invalid' } })
    })

    test('its secret is sealed and never shown again', async () => {
      expect((await service.fetch('/api/v1/sign-in-ways').then((answer) => answer.json())) as object).toEqual({
        passkeys: false,
        providers: [],
      })
      const view = await connect({})
      expect(view).toMatchObject({ id: 'corp', redirectUrl: `${service.url}/api/auth/callback/corp` })
      await expect(connect({})).rejects.toMatchObject({ problem: { code: 'duplicateName' } })
      const shown = JSON.stringify(await service.client.signInProviders.list())
      expect(shown).not.toContain(settings.clientSecret)
      const rows = await service.services.db.selectFrom('sign_in_provider').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(settings.clientSecret)
      const { items } = await service.client.audit.list({ action: 'signInProviders', installation: true })
      expect(JSON.stringify(items)).not.toContain(settings.clientSecret)
      expect(items[0]).toMatchObject({ action: 'signInProviders.create', details: { allowedDomains: ['example.com'] } })
    })
  })

  test('a user comes in by an address that the provider vouches for, and nothing of the provider is kept', async () => {
    const browser = openBrowser(service)
    expect(await comeBack(browser, await signOn(browser, BOB))).toBe('/settings')
    expect((await browser.me()).user).toMatchObject({ email: 'bob@example.com', hasPassword: true })
    const again = openBrowser(service)
    expect(await comeBack(again, await signOn(again, { ...BOB, email: 'robert@example.com' }))).toBe('/settings')
    expect((await again.me()).user?.email).toBe('bob@example.com') // by the subject now
    const rows = await service.services.db.selectFrom('credential').selectAll().where('provider_id', '=', 'oidc-corp').execute()
    expect(rows).toMatchObject([{ provider_user_id: 'b-1', access_token: null, refresh_token: null, id_token: null }])
    const { items } = await service.client.audit.list({ action: 'auth.callback', installation: true })
    expect(items[0]).toMatchObject({ actor: 'bob@example.com', outcome: 'done', details: { provider: 'corp' } })
  })

  test.each<[string, Person | null]>([
    ['unverified', { sub: 'm-1', email: 'bob@example.com', email_verified: false }],
    ['otherDomain', { sub: 'm-2', email: 'bob@example.com.evil.test', email_verified: true }],
    ['noUser', NEW],
    ['givenUp', null],
  ])('nobody comes in, and no user is made: %s', async (fault, person) => {
    const before = await users()
    const browser = openBrowser(service)
    expect(await comeBack(browser, await signOn(browser, person))).toBe(`/sign-in?fault=${fault}`)
    expect(await isNobody(browser)).toBe(true)
    expect(await users()).toEqual(before)
    const { items } = await service.client.audit.list({ action: 'auth.callback', installation: true })
    expect(items.some(({ outcome, details }) => outcome === 'refused' && details['fault'] === fault)).toBe(true)
  })

  describe('an answer that does not fit signs nobody in', () => {
    const NO = '/sign-in?fault=doesNotFit'

    test('another nonce, another state, another issuer, another code', async () => {
      const browser = openBrowser(service)
      expect(await comeBack(browser, await signOn(browser, BOB, (url) => url.searchParams.set('nonce', 'planted')))).toBe(NO)
      for (const [name, value] of [
        ['state', 'planted'],
        ['iss', 'https://evil.example'],
        ['code', 'planted'],
      ] as const) {
        const back = await signOn(browser, BOB)
        back.searchParams.set(name, value)
        expect(await comeBack(browser, back)).toBe(NO)
      }
      const bare = await signOn(browser, BOB)
      bare.search = ''
      expect(await comeBack(browser, bare)).toBe(NO)
      expect(await isNobody(browser)).toBe(true)
    })

    test('a way back that another browser began, or that was gone already', async () => {
      const [victim, attacker] = [openBrowser(service), openBrowser(service)]
      await begin(victim)
      expect(await comeBack(victim, await signOn(attacker, BOB))).toBe(NO)
      expect(await isNobody(victim)).toBe(true)
      const back = await signOn(attacker, BOB)
      const copy = new Map(attacker.cookies)
      expect(await comeBack(attacker, back)).toBe('/settings')
      const replay = openBrowser(service)
      for (const [name, value] of copy) replay.cookies.set(name, value)
      expect(await comeBack(replay, back)).toBe(NO)
    })
  })

  test('leads to pages of this service alone', async () => {
    for (const next of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      'javascript:alert(1)',
      '/a\r\nset-cookie:x',
      '',
    ])
      expect((await begin(openBrowser(service), next)).status).toBe(400)
    const answer = await openBrowser(service).signInPath('sign-in/social', {
      provider: 'corp',
      next: '/',
      callbackURL: 'https://evil.example',
    })
    expect(answer.status).toBe(400)
    expect((await openBrowser(service).signInPath('sign-in/social', { provider: 'other', next: '/' })).status).toBe(404)
  })

  test('makes users where the operator wants that, in no account and without password, until a recovery link sets one', async () => {
    await service.client.signInProviders.update({ id: 'corp', newUsers: true })
    const browser = openBrowser(service)
    expect(await comeBack(browser, await signOn(browser, NEW))).toBe('/settings')
    const me = await browser.me()
    expect(me).toMatchObject({ account: null, scopes: [] })
    expect(me.user).toMatchObject({ email: NEW.email, name: 'New Person', hasPassword: false, isInstallationOperator: false })
    const { link } = await service.client.users.recover({ id: me.user?.id ?? '' })
    await service.client.recovery.use({ token: tokenOf(link), password: PASSWORD })
    expect((await openBrowser(service).signIn({ email: NEW.email, password: PASSWORD })).status).toBe(200)
    await service.client.signInProviders.update({ id: 'corp', newUsers: false })
  })

  test('says so when the provider is away, before and after', async () => {
    const browser = openBrowser(service)
    const back = await signOn(browser, BOB)
    await provider.close()
    expect(await comeBack(browser, back)).toBe('/sign-in?fault=away')
    expect(await begin(browser)).toMatchObject({ status: 503, problem: { code: 'upstreamUnavailable' } })
    expect((await browser.signIn({ email: 'bob@example.com', password: PASSWORD })).status).toBe(200)
  })

  test('is forgotten with everybody it knew', async () => {
    await service.client.signInProviders.remove({ id: 'corp' })
    const rows = await service.services.db.selectFrom('credential').select('id').where('provider_id', '=', 'oidc-corp').execute()
    expect(rows).toEqual([])
    const secrets = await service.services.db.selectFrom('secret').select('id').where('purpose', '=', 'providerSecret').execute()
    expect(secrets).toEqual([])
  })
})
