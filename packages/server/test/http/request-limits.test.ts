/** How many requests a token, a user and a network address may make, and that none of them uses up another's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RECEIPT_KEYS_PATH } from '@evercert/contract'
import { addressBlock } from '../../src/domain/access/address-block.ts'
import { createRequestLimits } from '../../src/http/request-limits.ts'
import { AGENT_PROGRAM_PATH } from '../../src/services/agents/enrolments.ts'
import { countRequest } from '../../src/services/access/request-windows.ts'
import { createFirstOperatorLink } from '../../src/services/access/first-operator.ts'
import { anAccount, refusalOf } from '../support/builders.ts'
import { openBrowser, tokenOf } from '../support/browser.ts'
import { createStoppedClock } from '../support/clock.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

describe('a bucket', () => {
  const open = (perMinute: number | null, anonymousPerMinute: number | null) => {
    let now = Date.parse('2026-11-23T08:00:00Z')
    const limits = createRequestLimits({ perMinute, anonymousPerMinute }, () => now)
    const isTaken = (take: () => void): boolean => {
      try {
        take()
        return true
      } catch (error) {
        expect(error).toMatchObject({ code: 'rateLimited' })
        return false
      }
    }
    return { limits, isTaken, advance: (ms: number) => void (now += ms) }
  }

  test('is full at first, fills within a minute, and holds no more than a minute', () => {
    const { limits, isTaken, advance } = open(60, null)
    const take = () => isTaken(() => limits.recognise('Bearer a', 'tok_a'))
    const taken = (times: number) => Array.from({ length: times }, take).filter(Boolean).length
    expect(taken(100)).toBe(60)
    advance(999)
    expect(taken(1)).toBe(0)
    advance(1001)
    expect(taken(10)).toBe(2)
    advance(3_600_000)
    expect(taken(100)).toBe(60)
    advance(-3_600_000) // a clock that is put back gives nothing
    expect(taken(5)).toBe(0)
    advance(-1000)
    expect(taken(5)).toBe(0)
    advance(2000)
    expect(taken(5)).toBeLessThanOrEqual(2)
  })

  test('says for how long to wait', () => {
    const { limits } = open(6, null)
    for (let count = 0; count < 6; count += 1) limits.recognise(null, 'tok_a')
    expect(() => limits.recognise(null, 'tok_a')).toThrow(
      expect.objectContaining({ code: 'rateLimited', retryAfterSeconds: 10 }) as Error,
    )
  })

  test('of an address is not that of who is known there, until the credential is good no more', () => {
    const { limits, isTaken } = open(null, 3)
    const arrive = (credential: string | null) => isTaken(() => limits.arrive(credential, '192.0.2.1'))
    expect([arrive('Bearer good'), arrive('Bearer bad'), arrive(null), arrive(null)]).toEqual([true, true, true, false])
    limits.recognise('Bearer good', 'tok_good')
    expect([arrive('Bearer good'), arrive('Bearer bad')]).toEqual([true, false])
    limits.forget('Bearer good')
    expect(arrive('Bearer good')).toBe(false)
    expect(isTaken(() => limits.arrive(null, '192.0.2.2'))).toBe(true)
  })

  test('of a known credential is counted when it arrives, before anybody is asked, and once', () => {
    const { limits, isTaken, advance } = open(3, 1)
    const request = (credential: string) => {
      const counted = limits.arrive(credential, '192.0.2.1')
      limits.recognise(credential, `tok_${credential}`, counted)
    }
    expect(Array.from({ length: 4 }, () => isTaken(() => request('a')))).toEqual([true, true, true, false])
    expect(isTaken(() => limits.arrive('a', '192.0.2.2'))).toBe(false) // it need not be recognised for that
    expect(isTaken(() => limits.arrive('b', '192.0.2.1'))).toBe(false) // what the first of `a` took
    advance(20_000)
    expect([isTaken(() => limits.arrive('a', null)), isTaken(() => limits.arrive('a', null))]).toEqual([true, false])
    // Who turns out to be another is counted as that one.
    expect(isTaken(() => limits.recognise('a', 'tok_c', 'tok_a'))).toBe(true)
    expect(isTaken(() => limits.arrive('a', null))).toBe(true)
  })

  test('of files for everybody is another than that of guesses, and larger', () => {
    const { limits, isTaken } = open(null, 2)
    expect(Array.from({ length: 3 }, () => isTaken(() => limits.arrive(null, '192.0.2.1')))).toEqual([true, true, false])
    const visits = Array.from({ length: 21 }, () => isTaken(() => limits.visit('192.0.2.1')))
    expect(visits).toEqual([...Array.from({ length: 20 }, () => true), false])
    expect([isTaken(() => limits.visit('192.0.2.2')), isTaken(() => limits.visit(null))]).toEqual([true, true])
  })

  test('is that of a whole /64 of IPv6, however the address is written', () => {
    const one = addressBlock('2001:db8:1:2::1')
    for (const same of ['2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:0db8:0001:0002::', '2001:db8:1:2::9%eth0'])
      expect(addressBlock(same)).toBe(one)
    expect(addressBlock('2001:db8:1:3::1')).not.toBe(one)
    expect([addressBlock('192.0.2.1'), addressBlock('unknown')]).toEqual(['192.0.2.1', 'unknown'])
  })
})

describe('a service with limits', () => {
  const open = openerOf('embedded')
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({
      database: await open(),
      clock: createStoppedClock(), // what fills the buckets meanwhile would depend on how busy the machine is
      worker: IDLE_WORKER,
      environment: {
        EVERCERT_REQUESTS_PER_MINUTE: '20',
        EVERCERT_ANONYMOUS_REQUESTS_PER_MINUTE: '15',
        EVERCERT_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
  })
  afterAll(() => service.stop())

  const from = (address: string, headers: Record<string, string> = {}) => ({
    headers: { 'x-forwarded-for': address, ...headers },
  })
  const statusesOf = async (times: number, ask: (number: number) => Promise<Response>) => {
    const statuses: number[] = []
    for (let number = 0; number < times; number += 1) statuses.push((await ask(number)).status)
    return statuses
  }
  const all = (length: number, status: number) => Array.from({ length }, () => status)

  test('refuses what a token asks too often, says when to come again, and serves the others', async () => {
    const [one, other] = [await anAccount(service), await anAccount(service)]
    const ask = () => service.fetch('/api/v1/me', from('203.0.113.1', { authorization: `Bearer ${one.token}` }))
    const statuses = await statusesOf(25, ask)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
    expect(statuses.slice(0, 15)).toEqual(all(15, 200)) // to make the account took some
    const refused = await ask()
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect(await refused.json()).toMatchObject({ code: 'rateLimited', remedy: { zh: expect.any(String) as string } })
    expect((await refusalOf(one.client.me.get())).code).toBe('rateLimited') // from another address as well
    expect((await other.client.me.get()).account?.id).toBe(other.accountId)
    service.clock.advance(60_000)
    expect((await ask()).status).toBe(200)
  })

  test('asks its database nothing for an address that guesses tokens, and still knows who was known there', async () => {
    const { token } = await anAccount(service)
    const good = () => service.fetch('/api/v1/me', from('203.0.113.2', { authorization: `Bearer ${token}` }))
    expect((await good()).status).toBe(200)
    const guess = (number: number) => service.fetch('/api/v1/me', from('203.0.113.2', { authorization: `Bearer evc_${number}` }))
    const statuses = await statusesOf(20, guess)
    expect([statuses.slice(0, 14), statuses.slice(-3)]).toEqual([all(14, 401), all(3, 429)])
    expect((await good()).status).toBe(200)
    expect((await service.fetch('/api/v1/me', from('203.0.113.3'))).status).toBe(401)
  })

  test.each([
    ['signing in', '/api/auth/sign-in/email'],
    ['an operation for everybody', '/api/v1/sign-in-ways'],
    ['the metrics', '/metrics'],
    ['a callback of a provider', '/callbacks/payments/none'],
  ])('counts %s', async (name, path) => {
    const address = `203.0.113.${100 + name.length}`
    const statuses = await statusesOf(20, () =>
      service.fetch(
        path,
        path.startsWith('/api/v1') || path === '/metrics' ? from(address) : { method: 'POST', ...from(address) },
      ),
    )
    expect(statuses.slice(0, 15)).not.toContain(429)
    expect(statuses.slice(-3)).toEqual(all(3, 429))
  })

  test('counts the files for everybody and whether it is ready, generously', async () => {
    const paths = [
      '/readyz',
      '/api/v1/openapi.json',
      '/api/v1/docs',
      '/api/v1/docs.js',
      '/ca/none.crl',
      AGENT_PROGRAM_PATH,
      RECEIPT_KEYS_PATH,
    ]
    const address = '203.0.113.90'
    const statuses = await statusesOf(150, () => service.fetch('/api/v1/docs', from(address)))
    expect(statuses).toEqual(all(150, 200))
    for (const path of paths) expect([path, (await service.fetch(path, from(address))).status]).toEqual([path, 429])
    expect((await service.fetch('/healthz', from(address))).status).toBe(200)
    expect((await service.fetch('/api/v1/sign-in-ways', from(address))).status).toBe(200)
    expect((await service.fetch('/readyz', from('203.0.113.91'))).status).toBe(200)
  })

  test('keeps answering the CA and whoever looks whether it lives', async () => {
    const statuses = await statusesOf(40, (number) =>
      service.fetch(number % 2 === 0 ? '/healthz' : '/.well-known/acme-challenge/none', from('203.0.113.4')),
    )
    expect(statuses).not.toContain(429)
  })

  test('counts guesses of passwords, and requests that leave something behind, by the /64 of an IPv6 address', async () => {
    const token = tokenOf(await createFirstOperatorLink(service.services, service.url))
    const ada = { email: 'ada@example.com', password: 'a violet tractor sings', name: 'Ada Example' }
    await openBrowser(service).send('POST', '/api/v1/first-operator', { body: { token, ...ada } })
    const guess = async (number: number) => {
      service.clock.advance(5000) // the limit of requests is another matter
      const body = { email: `nobody${number}@example.com`, password: 'wrong in every way' }
      const headers = { 'x-forwarded-for': `2001:db8:7:7::${number.toString(16)}` }
      return (await openBrowser(service).send('POST', '/api/auth/sign-in/email', { body, headers })).status
    }
    const statuses: number[] = []
    for (let number = 1; number <= 32; number += 1) statuses.push(await guess(number))
    expect(statuses).toEqual([...all(30, 401), 429, 429])
    const counted = async (number: number) => {
      await countRequest(service.services, 'deviceLogin', `2001:db8:7:8::${number.toString(16)}`)
    }
    for (let number = 1; number <= 60; number += 1) await counted(number)
    await expect(counted(61)).rejects.toMatchObject({ code: 'rateLimited' })
  })
})
