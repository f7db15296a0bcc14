import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFirstOperatorLink } from '../../src/services/access/first-operator.ts'
import { openBrowser, tokenOf } from '../support/browser.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const ADA = { email: 'ada@example.com', password: 'a violet tractor sings', name: 'Ada Example' }

const open = openerOf('embedded')
let service: TestService
beforeAll(async () => {
  service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  const token = tokenOf(await createFirstOperatorLink(service.services, service.url))
  await openBrowser(service).send('POST', '/api/v1/first-operator', { body: { token, ...ADA } })
})
afterAll(() => service.stop())

test('failures with ever other e-mail addresses are counted by the network address that they come from', async () => {
  const guess = async (number: number) =>
    (await openBrowser(service).signIn({ email: `nobody${number}@example.com`, password: 'wrong in every way' })).status
  const statuses: number[] = []
  for (let number = 1; number <= 32; number += 1) statuses.push(await guess(number))
  expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401))
  expect(statuses.slice(30)).toEqual([429, 429])
  expect(await openBrowser(service).signIn(ADA)).toMatchObject({ status: 429, problem: { code: 'rateLimited' } })
  service.clock.advance(30_000)
  expect((await openBrowser(service).signIn(ADA)).status).toBe(200)
})

const CLIENT = '203.0.113.7'

/** The address that the audit log has of a refused request, which came with the header. */
async function addressOf(at: TestService, forwarded: string | null): Promise<string | null | undefined> {
  const headers: Record<string, string> = forwarded === null ? {} : { 'x-forwarded-for': forwarded }
  const requestId = (await at.fetch('/api/v1/me', { headers })).headers.get('x-request-id')
  const { items } = await at.client.audit.list({ outcome: 'refused', installation: true })
  return items.find((entry) => entry.requestId === requestId)?.address
}

test("X-Forwarded-For is nobody's word where no proxy is trusted", async () => {
  expect(await addressOf(service, CLIENT)).toBe('127.0.0.1')
})

test('a trusted proxy says who asks, and what came to it from outside is not believed; cookies are __Host- over https', async () => {
  const behind = await startTestService({
    database: await open(),
    worker: IDLE_WORKER,
    environment: { EVERCERT_TRUSTED_PROXIES: '127.0.0.1,10.1.0.0/16', EVERCERT_PUBLIC_URL: 'https://evercert.example' },
  })
  try {
    expect(await addressOf(behind, null)).toBe('127.0.0.1')
    expect(await addressOf(behind, CLIENT)).toBe(CLIENT)
    expect(await addressOf(behind, `198.51.100.1, 203.0.113.8`)).toBe('203.0.113.8') // the left one may be forged
    expect(await addressOf(behind, `203.0.113.9, 10.1.2.3`)).toBe('203.0.113.9')
    expect(await addressOf(behind, `[2001:db8::1]:4711, 10.1.2.4`)).toBe('2001:db8::1')
    expect(await addressOf(behind, `203.0.113.10, unknown, 10.1.2.5`)).toBe('10.1.2.5')

    const token = tokenOf(await createFirstOperatorLink(behind.services, behind.url))
    const browser = openBrowser(behind)
    await browser.send('POST', '/api/v1/first-operator', { body: { token, ...ADA } })
    const headers = { 'x-forwarded-for': CLIENT }
    const answer = await browser.send('POST', '/api/auth/sign-in/email', {
      body: { email: ADA.email, password: ADA.password },
      headers,
    })
    const cookies = answer.headers.getSetCookie().filter((line) => !/max-age=0/i.test(line))
    expect(cookies.length).toBeGreaterThan(0)
    for (const line of cookies) {
      expect(line).toMatch(/^__Host-evercert\.[a-z_]+=/)
      expect(line).toMatch(/;\s*Secure/i)
      expect(line).toMatch(/;\s*HttpOnly/i)
      expect(line).toMatch(/;\s*Path=\/(;|$)/i)
      expect(line).not.toMatch(/;\s*Domain=/i)
    }
    const { items } = (await browser.send<{ items: object[] }>('GET', '/api/v1/sessions')).body
    expect(items).toMatchObject([{ address: CLIENT }])
    const failures = await behind.services.db.selectFrom('sign_in_failure').select('subject_sha256').execute()
    const ofClient = createHash('sha256').update(`address:${CLIENT}`).digest('hex')
    expect(failures.map(({ subject_sha256: subject }) => subject)).toEqual([ofClient])
  } finally {
    await behind.stop()
  }
})
