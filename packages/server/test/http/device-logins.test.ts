import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scope } from '@evercert/contract'
import { openBrowser, tokenOf, type Browser } from '../support/browser.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const PASSWORD = 'seven calm lighthouses'
const CLIENT = 'evercert bob@laptop'

oneDatabase((_kind, open) => {
  let service: TestService
  let bob: Browser
  let ann: Browser

  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    bob = await aMember('bob@example.com', 'viewer')
    ann = await aMember('ann@example.com', 'owner')
  })
  afterAll(() => service.stop())

  async function aMember(email: string, role: 'viewer' | 'owner'): Promise<Browser> {
    const { link } = await service.client.invitations.create({ email, role })
    await service.client.invitations.accept({ token: tokenOf(link), name: email, password: PASSWORD })
    const browser = openBrowser(service)
    await browser.signIn({ email, password: PASSWORD })
    return browser
  }

  const nobody = () => service.clientOf('none')
  const begin = (scopes: Scope[] | null = null) => nobody().deviceLogins.begin({ client: CLIENT, scopes })
  const inspect = (browser: Browser, userCode: string) =>
    browser.send('POST', '/api/v1/device-logins/inspect', { body: { userCode } })
  const decide = (browser: Browser, userCode: string, decision: 'give' | 'refuse', days = 7) =>
    browser.send('POST', '/api/v1/device-logins/decide', { body: { userCode, decision, days } })
  /** As if the interval had passed. */
  const poll = async (deviceCode: string, client = CLIENT) => {
    await service.services.db
      .updateTable('device_code')
      .set({ last_polled_at: null } as never)
      .execute()
    return nobody().deviceLogins.poll({ client, deviceCode })
  }

  test('gives a token, once, to the program that asked: what the person has of what it asked for, as long as they said', async () => {
    const begun = await begin(['certificates:read', 'targets:write', 'installation:operate'])
    expect(begun).toMatchObject({ verificationUrl: `${service.url}/device`, intervalSeconds: 5, expiresInSeconds: 900 })
    expect(await poll(begun.deviceCode)).toEqual({ state: 'pending', token: null })
    expect(await nobody().deviceLogins.poll({ client: CLIENT, deviceCode: begun.deviceCode })).toMatchObject({
      state: 'slowDown',
    })
    expect(await inspect(bob, begun.userCode.toLowerCase())).toMatchObject({
      status: 200,
      body: { client: CLIENT, address: '127.0.0.1', scopes: ['certificates:read'] },
    })
    expect((await decide(bob, begun.userCode, 'give')).status).toBe(200)
    const polled = await poll(begun.deviceCode)
    expect(polled).toMatchObject({ state: 'given', token: { scopes: ['certificates:read'] } })
    expect(Date.parse(polled.token?.expiresAt ?? '') - service.clock.now()).toBeLessThanOrEqual(7 * 86_400_000)
    expect((await service.clientOf(polled.token?.token ?? '').me.get()).scopes).toEqual(['certificates:read'])
    expect(await poll(begun.deviceCode)).toEqual({ state: 'over', token: null })
    const { items } = await service.client.audit.list({ action: 'deviceLogins', installation: true })
    expect(items[0]).toMatchObject({
      action: 'deviceLogins.decide',
      actor: 'bob@example.com',
      details: { decision: 'give', days: 7 },
    })
    expect(JSON.stringify(await service.client.audit.list({ installation: true }))).not.toContain(begun.userCode)
  })

  test('what is in the database polls nothing, and another program neither', async () => {
    const begun = await begin()
    await inspect(bob, begun.userCode)
    await decide(bob, begun.userCode, 'give')
    const row = await service.services.db.selectFrom('device_code').selectAll().executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain(begun.deviceCode)
    expect(await poll(row.device_code)).toMatchObject({ state: 'over', token: null })
    expect(await poll(begun.deviceCode, 'something else')).toMatchObject({ state: 'over', token: null })
    const [first, second] = await Promise.all([
      poll(begun.deviceCode),
      nobody().deviceLogins.poll({ client: CLIENT, deviceCode: begun.deviceCode }),
    ])
    expect([first, second].filter(({ token }) => token !== null).length).toBe(1)
  })

  describe('is decided by a person with a session, who looked at it first', () => {
    test('and by nobody else', async () => {
      const { userCode, deviceCode } = await begin()
      expect((await decide(bob, userCode, 'give')).status).toBe(404) // nobody looked
      expect((await inspect(bob, userCode)).status).toBe(200)
      expect((await inspect(ann, userCode)).status).toBe(404)
      expect((await decide(ann, userCode, 'give')).status).toBe(404)
      expect((await decide(ann, userCode, 'refuse')).status).toBe(404)
      expect((await decide(openBrowser(service), userCode, 'give')).status).toBe(401)
      await expect(service.client.deviceLogins.inspect({ userCode })).rejects.toMatchObject({ problem: { code: 'forbidden' } })
      const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
      const body = { userCode, decision: 'give' }
      expect(await bob.send('POST', '/api/v1/device-logins/decide', { body, headers: foreign })).toMatchObject({
        problem: { code: 'crossSite' },
      })
      expect((await decide(bob, userCode, 'refuse')).status).toBe(200)
      expect((await decide(bob, userCode, 'give')).status).toBe(404)
      expect(await poll(deviceCode)).toEqual({ state: 'refused', token: null })
    })

    test('in time', async () => {
      const { userCode, deviceCode } = await begin()
      await service.services.db
        .updateTable('device_code')
        .set({ expires_at: new Date(Date.now() - 1000) })
        .execute()
      expect((await inspect(bob, userCode)).status).toBe(404)
      expect(await poll(deviceCode)).toMatchObject({ state: 'over' })
    })
  })

  test('names nothing dangerous by itself, and codes are not guessed for long', async () => {
    const { userCode } = await begin()
    const { scopes } = (await inspect(ann, userCode)).body as { scopes: string[] }
    expect(scopes).toContain('certificates:write')
    for (const scope of ['keys:download', 'tokens:write', 'members:write', 'installation:operate'])
      expect(scopes).not.toContain(scope)
    const statuses: number[] = []
    for (let guess = 0; guess < 60; guess += 1) statuses.push((await inspect(bob, `GUESS${guess}`)).status)
    expect(new Set(statuses)).toEqual(new Set([404, 429]))
    await expect(begin()).rejects.toMatchObject({ problem: { code: 'rateLimited' } })
    service.clock.advance(600_000)
    await begin()
  })

  test("its tokens are the person's to see and end; a token ends itself alone", async () => {
    const mine = async () => (await bob.send<{ items: { id: string }[] }>('GET', '/api/v1/me/tokens')).body.items
    const [token] = await mine()
    expect((await ann.send('DELETE', `/api/v1/me/tokens/${token?.id ?? ''}`)).status).toBe(404)
    await expect(service.client.ownTokens.remove({ id: token?.id ?? '' })).rejects.toMatchObject({
      problem: { code: 'forbidden' },
    })
    expect((await bob.send('DELETE', `/api/v1/me/tokens/${token?.id ?? ''}`)).status).toBe(200)
    expect((await mine()).map(({ id }) => id)).not.toContain(token?.id)
  })
})
