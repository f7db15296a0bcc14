import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../../cli/src/program.ts'
import { aShell } from '../../../cli/test/builders.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { startOpenIdProvider, type OpenIdProvider, type Person } from '../../../../test/harness/openid-provider.ts'
import { totpOf } from '../support/totp.ts'
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
      expect(items.slice(0, 2)).toMatchObject([
        { outcome: 'failed', subjectId: 'corp', details: { code: 'duplicateName', newUsers: false } },
        { action: 'signInProviders.create', outcome: 'done', subjectId: 'corp', details: { allowedDomains: ['example.com'] } },
      ])
      expect(items[0]?.details).not.toHaveProperty('allowedDomains') // it may be anything that somebody typed
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

  describe('a second factor of ours', () => {
    const change = (wish: object) => service.client.signInProviders.update({ id: 'corp', ...wish })
    let totpUri = ''
    let period = 0
    /** Each code once: the one of the next half minute is good as well. */
    const code = () => totpOf(totpUri, Date.now() + (period++ % 2) * 30_000)

    /** @returns where the service leads, and whether there is a session then */
    async function arrive(proof: OpenIdProvider['proof'] = {}, person = BOB) {
      provider.proof = proof
      const browser = openBrowser(service)
      const place = await comeBack(browser, await signOn(browser, person))
      return { browser, place, isIn: !(await isNobody(browser)) }
    }
    const ASKED = '/sign-in?step=secondFactor&next=%2Fsettings'

    beforeAll(async () => {
      const browser = openBrowser(service)
      await browser.signIn({ email: 'bob@example.com', password: PASSWORD })
      const enabled = await browser.signInPath('two-factor/enable', { password: PASSWORD })
      totpUri = String(enabled.body['totpUri'])
      await browser.signInPath('two-factor/verify-totp', { code: totpOf(totpUri, Date.now() - 30_000) })
    })
    afterAll(async () => {
      provider.proof = {}
      await change({ secondFactor: 'asked', requiredAcr: [] })
      await service.services.db.deleteFrom('second_factor').execute()
      await service.services.db.updateTable('user').set({ two_factor_enabled: false }).execute()
    })

    test('is asked for by a provider that is connected now, before there is a session', async () => {
      expect(await service.client.signInProviders.list()).toMatchObject({ items: [{ secondFactor: 'asked', requiredAcr: [] }] })
      const { browser, place, isIn } = await arrive({ amr: ['pwd', 'mfa'] })
      expect({ place, isIn }).toEqual({ place: ASKED, isIn: false })
      const { items } = await service.client.audit.list({ action: 'auth.callback', installation: true })
      expect(items[0]).toMatchObject({ actor: 'bob@example.com', outcome: 'done', details: { next: 'secondFactor' } })
      expect(await browser.signInPath('two-factor/verify-totp', { code: '000000' })).toMatchObject({ status: 401 })
      expect((await browser.signInPath('two-factor/verify-totp', { code: code() })).status).toBe(200)
      expect((await browser.me()).user?.email).toBe('bob@example.com')
    })

    test('is not asked for where the provider is trusted, unless it says that there was one factor alone', async () => {
      await change({ secondFactor: 'trusted' })
      expect(await arrive()).toMatchObject({ place: '/settings', isIn: true })
      expect(await arrive({ amr: ['pwd', 'otp', 'mfa'] })).toMatchObject({ place: '/settings', isIn: true })
      expect(await arrive({ amr: ['hwk'] })).toMatchObject({ place: '/settings', isIn: true })
      expect(await arrive({ amr: ['pwd'] })).toMatchObject({ place: ASKED, isIn: false })
    })

    test('where a context is demanded, nobody comes in without it', async () => {
      await change({ secondFactor: 'trusted', requiredAcr: ['two'] })
      const weak = '/sign-in?fault=oneFactor'
      const asked = new URL(String((await begin(openBrowser(service))).body['url']))
      expect(asked.searchParams.get('acr_values')).toBe('two')
      for (const proof of [{}, { acr: 'one' }, { acr: 'one', amr: ['pwd', 'otp'] }])
        expect(await arrive(proof)).toMatchObject({ place: weak, isIn: false })
      expect(await arrive({ acr: 'two' })).toMatchObject({ place: '/settings', isIn: true })
      expect(await arrive({ acr: 'one', amr: ['pwd', 'mfa'] })).toMatchObject({ place: '/settings', isIn: true })
      await change({ secondFactor: 'asked', requiredAcr: [] })
    })
  })

  describe('who is in says again at the provider who they are', () => {
    const EVE: Person = { sub: 'e-1', email: 'eve@example.com', email_verified: true, name: 'Eve' }
    const confirm = (browser: Browser, to = 'corp') =>
      browser.signInPath('confirm/social', { provider: to, next: '/certificates' })
    const download = (browser: Browser) =>
      browser.send('POST', '/api/v1/certificates/none/downloads/with-key', { body: { format: 'nginx' } })

    /** A session of somebody of single sign-on alone that was left open. */
    async function stale(person: Person): Promise<Browser> {
      const browser = openBrowser(service)
      await comeBack(browser, await signOn(browser, person))
      const created_at = new Date(Date.now() - 60 * 60_000)
      await service.services.db.updateTable('session').set({ created_at, authenticated_at: null }).execute()
      return browser
    }

    async function goAnew(browser: Browser, person: Person, change: (url: URL) => void = () => {}): Promise<string> {
      provider.person = person
      const url = new URL(String((await confirm(browser)).body['url']))
      change(url)
      return comeBack(browser, await visit(url.href))
    }

    beforeAll(async () => {
      const { link } = await service.client.invitations.create({ email: EVE.email, role: 'owner' })
      const body = { token: tokenOf(link), name: 'Eve', password: PASSWORD }
      const { id } = await service.client.invitations.accept(body)
      await service.services.db.updateTable('credential').set({ password: null }).where('user_id', '=', id).execute() // as who came by single sign-on alone
      provider.proof = {}
    })

    test('and may then take a key, in the session that they had', async () => {
      const browser = await stale(EVE)
      expect((await download(browser)).problem?.code).toBe('freshAuthenticationNeeded')
      expect((await browser.send('GET', '/api/v1/sessions/ways')).body).toEqual({
        password: false,
        code: false,
        passkey: false,
        providers: [{ id: 'corp', title: 'Example Corp' }],
      })
      const sessions = await countSessions()
      const cookies = [...browser.cookies].filter(([name]) => name.includes('session'))
      const url = new URL(String((await confirm(browser)).body['url']))
      expect(Object.fromEntries(url.searchParams)).toMatchObject({ prompt: 'login', max_age: '0', login_hint: EVE.email })
      expect(await goAnew(browser, EVE)).toBe('/certificates')
      expect([...browser.cookies].filter(([name]) => name.includes('session'))).toEqual(cookies)
      expect(await countSessions()).toBe(sessions)
      expect((await download(browser)).problem?.code).toBe('notFound') // there is no such certificate
      const { items } = await service.client.audit.list({ action: 'auth.callback', installation: true })
      expect(items[0]).toMatchObject({ actor: EVE.email, outcome: 'done', details: { next: 'confirmed' } })
    })

    test('by somebody else, or who did not sign in there anew, it is refused and nobody else comes in', async () => {
      const browser = await stale(EVE)
      const sessions = await countSessions()
      expect(await goAnew(browser, BOB)).toBe('/sign-in?fault=otherUser&next=%2Fcertificates')
      const dropped = (url: URL) => (url.searchParams.delete('max_age'), url.searchParams.delete('prompt'))
      expect(await goAnew(browser, EVE, dropped)).toBe('/sign-in?fault=notAnew&next=%2Fcertificates') // no auth_time
      provider.proof = { secondsAgo: 600 }
      const lax = (url: URL) => (url.searchParams.set('max_age', '86400'), url.searchParams.delete('prompt'))
      expect(await goAnew(browser, EVE, lax)).toBe('/sign-in?fault=notAnew&next=%2Fcertificates')
      provider.proof = {}
      expect((await download(browser)).problem?.code).toBe('freshAuthenticationNeeded')
      expect((await browser.me()).user?.email).toBe(EVE.email)
      expect(await countSessions()).toBe(sessions)
    })

    test('needs a session, and a provider that knows its user', async () => {
      expect((await confirm(openBrowser(service))).status).toBe(401)
      const browser = await stale(EVE)
      expect((await confirm(browser, 'other')).problem?.code).toBe('notFound')
      const begun = await browser.signInPath('sign-in/social', { provider: 'corp', next: '/api/auth/confirmed?next=%2F' })
      expect(begun.status).toBe(400)
      // The way back of one browser confirms no session of another.
      provider.person = EVE
      const back = await visit(String((await confirm(browser)).body['url']))
      expect(await comeBack(openBrowser(service), back)).toBe(`/sign-in?fault=doesNotFit`)
    })
  })

  const countSessions = async () => (await service.services.db.selectFrom('session').select('id').execute()).length

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
    const changed = await browser.signInPath('change-password', { currentPassword: PASSWORD, newPassword: `${PASSWORD} anew` })
    expect(changed).toMatchObject({ status: 409, body: { code: 'conflict' } })
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

  test('is connected, changed and removed by the command, which takes the secret from a file alone', async () => {
    const other = await startOpenIdProvider(`${service.url}/api/auth/callback/cli`)
    const evercert = async (language: string, ...args: readonly string[]) => {
      const env = { EVERCERT_URL: service.url, EVERCERT_TOKEN: service.operatorToken, LANG: language }
      const shell = { ...aShell(env), readInput: () => Promise.resolve(`${other.clientSecret}\n`) }
      return { code: await runProgram(['sign-in-providers', ...args], shell), out: shell.out(), err: shell.err() }
    }
    const wish = ['--issuer', other.issuer, '--title', 'Other Corp', '--client-id', 'evercert', '--domain', 'example.org']
    const added = await evercert('C', 'add', 'cli', ...wish, '--client-secret-file', '-', '--acr', 'two')
    expect(added).toMatchObject({ code: 0, err: '' })
    expect(added.out).toContain(`${service.url}/api/auth/callback/cli`)
    expect(added.out).not.toContain(other.clientSecret)
    expect(await evercert('C', 'change', 'cli', '--second-factor', 'sometimes')).toMatchObject({ code: 64 })
    const change = ['--new-users', '--second-factor', 'trusted', '--acr', 'none', '--title', 'New title', '--json']
    const changed = await evercert('C', 'change', 'cli', ...change)
    expect(JSON.parse(changed.out)).toMatchObject({
      newUsers: true,
      secondFactor: 'trusted',
      requiredAcr: [],
      title: 'New title',
      allowedDomains: ['example.org'],
    })
    const listed = await evercert('zh_CN.UTF-8', 'list')
    expect(listed.out).toContain('由登录服务验证')
    expect((await evercert('C', 'remove', 'nobody')).code).not.toBe(0)
    expect((await evercert('C', 'remove', 'cli')).out).toContain('signs nobody in any more')
    expect((await service.client.signInProviders.list()).items.map(({ id }) => id)).toEqual(['corp'])
    await other.close()
  })

  test('is forgotten with everybody it knew', async () => {
    await service.client.signInProviders.remove({ id: 'corp' })
    const rows = await service.services.db.selectFrom('credential').select('id').where('provider_id', '=', 'oidc-corp').execute()
    expect(rows).toEqual([])
    const secrets = await service.services.db.selectFrom('secret').select('id').where('purpose', '=', 'providerSecret').execute()
    expect(secrets).toEqual([])
  })
})
