import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refuseOtherSites } from '../../src/http/same-site.ts'
import { createFirstOperatorLink } from '../../src/services/access/first-operator.ts'
import { openBrowser, tokenOf, type Browser } from '../support/browser.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const ADA = { email: 'ada@example.com', password: 'a violet tractor sings', name: 'Ada Example', language: 'en' } as const

oneDatabase((_kind, open) => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  })
  afterAll(() => service.stop())

  const newLink = () => createFirstOperatorLink(service.services, service.url)
  const signedIn = async (): Promise<Browser> => {
    const browser = openBrowser(service)
    expect(await browser.signIn(ADA)).toMatchObject({ status: 200, body: { next: 'signedIn' } })
    return browser
  }

  describe('the first user', () => {
    const create = (token: string, wish: object = ADA) =>
      openBrowser(service).send('POST', '/api/v1/first-operator', { body: { token, ...wish } })

    test('needs the link, and a password that is not guessed first', async () => {
      const token = tokenOf(await newLink())
      expect(await create('guessed')).toMatchObject({ status: 410, problem: { code: 'linkInvalid' } })
      for (const [password, fault] of [
        ['short', 'short'],
        ['Password2026!', 'common'],
        ['ada.example.com', 'personal'],
        ['ababababababab', 'repetitive'],
      ]) {
        expect(await create(token, { ...ADA, password })).toMatchObject({ problem: { code: 'weakPassword', facts: { fault } } })
      }
    })

    test('is not one of those whom the operator token invited before', async () => {
      const { link } = await service.client.invitations.create({ email: 'early@example.com', role: 'viewer' })
      await service.client.invitations.accept({ token: tokenOf(link), password: ADA.password, name: 'Early' })
      const token = tokenOf(await newLink())
      expect(await create(token, { ...ADA, email: 'early@example.com' })).toMatchObject({ status: 409 })
    })

    test('is out of date after a day', async () => {
      const token = tokenOf(await newLink())
      service.clock.advanceDays(1)
      expect(await create(token)).toMatchObject({ problem: { code: 'linkInvalid' } })
    })

    test('is one, however many links are followed at once, and each works once', async () => {
      const tokens = [tokenOf(await newLink()), tokenOf(await newLink())]
      const answers = await Promise.all([...tokens, ...tokens].map((token) => create(token)))
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 410, 410, 410])
      expect(answers.find(({ status }) => status === 201)?.body).toMatchObject({
        email: ADA.email,
        isInstallationOperator: true,
        hasSecondFactor: false,
      })
      expect(await newLink()).toBeNull()
    })
  })

  test('a session is a cookie that scripts and other sites do not get, and that the API takes', async () => {
    const browser = openBrowser(service)
    const answer = await browser.signIn(ADA)
    expect(answer.headers.getSetCookie().join()).toMatch(/^evercert\.session_token=[^;]+;(?=.*HttpOnly)(?=.*SameSite=Lax)/i)
    expect(JSON.stringify(answer.body)).toBe('{"next":"signedIn"}')
    const me = await browser.me()
    expect(me).toMatchObject({
      kind: 'user',
      user: { email: ADA.email },
      token: null,
      role: 'owner',
      account: { name: 'default' },
    })
    expect(me.scopes).toContain('installation:operate')
    expect((await browser.send('GET', '/api/v1/certificates')).status).toBe(200)
  })

  test('signing in again gives another session; a planted or altered cookie is none', async () => {
    const browser = await signedIn()
    const before = new Map(browser.cookies)
    await browser.signIn(ADA)
    expect([...browser.cookies.values()]).not.toEqual([...before.values()])
    const stranger = openBrowser(service)
    for (const value of ['planted', 'planted.c2lnbmF0dXJl', `${browser.cookies.get('evercert.session_token') ?? ''}x`]) {
      stranger.cookies.set('evercert.session_token', value)
      expect(await stranger.send('GET', '/api/v1/me')).toMatchObject({ status: 401, problem: { code: 'unauthenticated' } })
    }
    const victim = openBrowser(service)
    victim.cookies.set('evercert.session_token', before.get('evercert.session_token') ?? '')
    await victim.signIn(ADA)
    expect(victim.cookies.get('evercert.session_token')).not.toBe(before.get('evercert.session_token'))
  })

  test('signing out ends the session at the server', async () => {
    const browser = await signedIn()
    const copy = new Map(browser.cookies)
    expect((await browser.signInPath('sign-out')).status).toBe(200)
    expect(browser.cookies.size).toBe(0)
    for (const [name, value] of copy) browser.cookies.set(name, value)
    expect((await browser.send('GET', '/api/v1/me')).status).toBe(401)
  })

  describe('a request from another site', () => {
    const FOREIGN = [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'none' },
    ]
    test.each(FOREIGN)('changes nothing: %j', async (headers) => {
      const browser = await signedIn()
      const refused = { status: 403, problem: { code: 'crossSite' } }
      const body = { name: 'Eve', email: 'eve@example.com', phone: '12345' }
      expect(await browser.send('POST', '/api/v1/contacts', { body, headers })).toMatchObject(refused)
      expect(await browser.send('POST', '/api/auth/sign-out', { body: {}, headers })).toMatchObject(refused)
      expect((await browser.send<{ items: [] }>('GET', '/api/v1/contacts')).body.items).toEqual([])
    })

    test('by an old browser is told by its origin; a token is asked for no origin', async () => {
      const { cookies } = await signedIn()
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const post = (headers: Readonly<Record<string, string>>) =>
        service.fetch('/api/v1/quotes', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: '{}',
        })
      expect((await post({ cookie })).status).toBe(403)
      expect((await post({ cookie, origin: 'null' })).status).toBe(403)
      expect((await post({ cookie, origin: 'https://evil.example' })).status).toBe(403)
      expect((await post({ cookie, origin: service.url })).status).toBe(400)
      const { host } = new URL(service.url)
      for (const [publicUrl, origin, isOurs] of [
        [`https://${host}`, `http://${host}`, false], // whoever is between can make such a page
        [`https://${host}`, `https://${host}`, true],
        ['https://evercert.example', service.url, true], // the way in for this machine
        ['https://evercert.example', 'http://evercert.example', false],
      ] as const) {
        const check = () => refuseOtherSites({ method: 'POST', headers: new Headers({ host, origin }) }, publicUrl)
        if (isOurs) expect(check).not.toThrow()
        else expect(check).toThrow(expect.objectContaining({ code: 'crossSite' }) as Error)
      }
      expect((await post({ authorization: `Bearer ${service.operatorToken}` })).status).toBe(400)
      // With a token beside it the cookie is not looked at, so a stolen one lends it nothing.
      expect((await post({ cookie, authorization: 'Bearer evc_guess' })).status).toBe(401)
    })
  })

  test('nothing else of the library is reached', async () => {
    const browser = await signedIn()
    for (const path of ['sign-up/email', 'get-session', 'list-sessions', 'update-user', 'delete-user', 'verify-password', 'ok']) {
      for (const method of ['GET', 'POST'])
        expect((await browser.send(method, `/api/auth/${path}`, method === 'POST' ? { body: {} } : {})).status).toBe(404)
    }
  })

  describe('wrong passwords', () => {
    const guess = (email: string) => openBrowser(service).signIn({ email, password: 'wrong in every way' })

    const pauseOf = ({ headers }: { headers: Headers }) => Number(headers.get('retry-after'))

    test('are refused alike, whether the user exists or not', async () => {
      const [known, unknown] = [await guess(ADA.email), await guess('nobody@example.com')]
      expect(known).toMatchObject({ status: 401, problem: { code: 'signInRefused' } })
      expect({ ...known.problem, requestId: null }).toEqual({ ...unknown.problem, requestId: null })
      await signedIn() // begins anew
    })

    test('lock the address for longer each time, also for the right password, and the right one ends it', async () => {
      for (let failures = 1; failures <= 5; failures += 1) expect((await guess(ADA.email)).status).toBe(401)
      const locked = await openBrowser(service).signIn(ADA)
      expect(locked).toMatchObject({ status: 429, problem: { code: 'rateLimited' } })
      expect(pauseOf(locked)).toBeLessThanOrEqual(30) // less what the hash took
      expect(pauseOf(locked)).toBeGreaterThan(15)
      service.clock.advance(30_000)
      expect((await guess(ADA.email.toUpperCase())).status).toBe(401)
      const again = await guess(ADA.email)
      expect(pauseOf(again)).toBeLessThanOrEqual(60)
      expect(pauseOf(again)).toBeGreaterThan(30)
      service.clock.advance(60_000)
      await signedIn()
      expect((await guess(ADA.email)).status).toBe(401)
      await signedIn()
    })

    test('by a session are counted as well, and no refusal of another kind between them takes them back', async () => {
      const thief = await signedIn()
      const wrong = { password: 'wrong in every way' }
      for (let failures = 1; failures <= 4; failures += 1) {
        expect((await thief.send('POST', '/api/v1/sessions/confirm', { body: wrong })).status).toBe(401)
        // There is no second factor, which is found before the password is looked at.
        if (failures === 2) {
          expect(await thief.signInPath('two-factor/generate-backup-codes', wrong)).toMatchObject({
            problem: { code: 'conflict' },
          })
        }
      }
      expect((await openBrowser(service).signIn(ADA)).status).toBe(429)
      service.clock.advance(60_000)
      await signedIn()
    })

    test('at once are counted each', async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => guess('many@example.com')))
      expect(answers.filter(({ status }) => status === 401).length).toBe(5)
      expect(answers.filter(({ status }) => status === 429).length).toBe(7)
    })
  })
})
