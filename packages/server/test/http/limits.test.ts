/** How long a client may take, where an answer may send it, what an answer's headers may be made of, and what is never unpacked. */
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/http/listener.ts'
import { aCompany, anAccount, buyCertificate, refusalOf, type TestAccount } from '../support/builders.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** What comes back until the server ends the connection. @param gapMs between two pieces, of which there is no end */
function trickle(port: number, head: string, piece: string, gapMs: number): Promise<{ answer: string; lastedMs: number }> {
  return new Promise((resolve) => {
    const began = performance.now()
    let [answer, timer]: [string, NodeJS.Timeout | null] = ['', null]
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head)
      timer = setInterval(() => socket.write(piece), gapMs)
    })
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    socket.on('error', () => {}) // written to after the end
    socket.on('close', () => {
      if (timer !== null) clearInterval(timer)
      resolve({ answer, lastedMs: performance.now() - began })
    })
  })
}

test.each([
  ['127.0.0.1', 'it is in use: choose another port'],
  ['192.0.2.1', 'this machine has no such address: choose one'],
])('a place at %s that cannot be listened on is named, with what to do', async (host, said) => {
  const fetch = (): Response => new Response('')
  const listener = await listen({ fetch, host: '127.0.0.1', port: 0 })
  onTestFinished(() => listener.close())
  const { port } = listener
  const refused = { code: 'misconfigured', message: expect.stringContaining(`Listening on ${host}:${port}: ${said}`) as string }
  await expect(listen({ fetch, host, port })).rejects.toMatchObject(refused)
})

describe('a slow client', () => {
  const limits = { headersMs: 300, requestMs: 600, checkMs: 50 }
  let reached = 0
  async function open() {
    const fetch = async (request: Request): Promise<Response> => {
      reached += 1
      return new Response(await request.text())
    }
    const listener = await listen({ fetch, host: '127.0.0.1', port: 0, limits })
    onTestFinished(() => listener.close())
    return listener
  }

  test('that never ends its headers is sent away, however diligently it writes, and others are served meanwhile', async () => {
    const { port, url } = await open()
    const slow = Array.from({ length: 50 }, () => trickle(port, 'GET / HTTP/1.1\r\nhost: a\r\n', 'x-a: b\r\n', 20))
    expect(await (await fetch(url)).text()).toBe('')
    reached = 0
    for (const { answer, lastedMs } of await Promise.all(slow)) {
      expect(answer).toMatch(/^HTTP\/1\.1 408/)
      expect(lastedMs).toBeGreaterThan(200)
    }
    expect(reached).toBe(0)
  })

  test('that never ends its body is sent away', async () => {
    const { port } = await open()
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n'
    const { answer, lastedMs } = await trickle(port, head, 'x', 20)
    expect(answer).not.toMatch(/^HTTP\/1\.1 200/)
    expect(lastedMs).toBeGreaterThan(500)
  })
})

describe('the service', () => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await openerOf('embedded')(), worker: IDLE_WORKER })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  /** The head of each answer to bytes as they are. */
  async function headOf(request: string): Promise<string> {
    const { answer } = await new Promise<{ answer: string }>((resolve) => {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => socket.write(request))
      let answer = ''
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
      socket.on('error', () => {})
      socket.on('close', () => resolve({ answer }))
    })
    return answer.split('\r\n\r\n')[0] ?? ''
  }

  function chunkOf(body: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
  }

  /** As a client does that looks for no answer while it sends. */
  function sendThenRead(bytes: Buffer): Promise<{ answer: string; failure: Error | null }> {
    return new Promise((resolve) => {
      let [answer, failure]: [string, Error | null] = ['', null]
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => {
        socket.write(bytes, () => socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1'))))
      })
      socket.on('error', (error) => (failure = error))
      socket.on('close', () => resolve({ answer, failure }))
    })
  }

  const ELSEWHERE = ['//evil.example', '/%2F%2Fevil.example', '/\\evil.example', '/..//evil.example', 'https://evil.example/']
  const PLACES = ['', 'sign-in?next=', 'welcome?next=', 'api/v1/docs?next=', 'api/auth/sign-out?callbackURL=']

  test('sends nobody elsewhere, whatever path, parameter or Host asks for it', async () => {
    for (const target of [...ELSEWHERE, ...PLACES.flatMap((place) => ELSEWHERE.map((where) => `/${place}${where}`))])
      for (const headers of ['host: evil.example', 'host: a\r\nx-forwarded-host: evil.example\r\nx-forwarded-proto: https']) {
        const head = await headOf(`GET ${target} HTTP/1.1\r\n${headers}\r\naccept: text/html\r\nconnection: close\r\n\r\n`)
        expect(head).toMatch(/^HTTP\/1\.1 (2|4|503)/)
        expect(head).not.toMatch(/^(location|refresh):/im)
        expect(head).not.toContain('evil.example')
      }
  })

  test('has no header of its answers made by a client', async () => {
    const forged = '%0d%0aset-cookie:%20forged=1%0d%0a%0d%0a'
    const bearer = `authorization: Bearer ${account.token}`
    for (const path of [
      `/${forged}`,
      `/api/v1/certificates/${forged}`,
      `/api/v1/certificate-export?format=${forged}`,
      `/ca/${forged}.crl`,
    ])
      for (const header of ['x-request-id: forged=1', 'x-evercert-account: forged=1', 'idempotency-key: forged=1']) {
        const head = await headOf(`GET ${path} HTTP/1.1\r\nhost: a\r\n${bearer}\r\n${header}\r\nconnection: close\r\n\r\n`)
        expect(head).toMatch(/^HTTP\/1\.1 (2|4)/)
        expect(head).not.toMatch(/forged/i)
      }
    expect(await headOf('GET / HTTP/1.1\r\nhost: a\nx: b\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
  })

  test('refuses what its database could not hold: the year 0, money below nothing, more domains than there can be', async () => {
    const yearZero = '0000-01-01T00:00:00.000Z'
    const title = { en: 'a', zh: 'a' }
    const off = { kind: 'percent', percent: 1 }
    const nothing = { amountMinor: 0, currency: 'CNY' }
    const product = {
      id: 'too-many',
      title,
      specification: { domainType: 'multi', certificateType: 'DV', grade: 'standard', brand: 'Evercert Private CA' },
      issuerId: 'evercert-private',
      supportsRenewal: false,
      prices: [{ termYears: 1, base: nothing, includedDomains: 2 ** 31, extraDomain: nothing }],
    }
    const { client, token } = account
    const { id } = await buyCertificate(account)
    const statusOf = async (path: string, body?: object): Promise<string> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': path }
      const answer = await service.fetch(
        `/api/v1${path}`,
        body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
      )
      return `${answer.status} ${path}`
    }
    for (const path of ['/certificates?expiresFrom=', '/certificates?expiresTo=', '/audit?from=', '/audit?to='].map(
      (start) => `${start}${yearZero}`,
    ))
      expect(await statusOf(path)).toBe(`400 ${path}`)
    for (const [path, body] of [
      ['/tokens', { name: 'old', scopes: ['certificates:read'], expiresAt: yearZero }],
      ['/promotions', { title, off, startsAt: yearZero }],
      ['/products', product],
      [`/certificates/${id}/manage`, { spendingLimit: { amountMinor: -1, currency: 'CNY' } }],
    ] as const)
      expect(await statusOf(path, body)).toBe(`400 ${path}`)
    expect((await client.certificates.get({ id })).managed).toBe(false)
  })

  test.each([
    ['/api/v1/orders', 400],
    ['/api/auth/sign-in/email', 403],
  ])('unpacks no body at %s, and says so', async (path, otherwise) => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, '['))
    const send = (encoding: string, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
      service.fetch(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json', 'content-encoding': encoding },
        body,
      })
    const answer = await send('gzip', new Uint8Array(bomb))
    expect(answer.status).toBe(415)
    expect(answer.headers.get('accept-encoding')).toBe('identity')
    expect(await answer.json()).toMatchObject({
      code: 'encodingUnsupported',
      remedy: {
        en: expect.stringContaining('without compression') as string,
        zh: expect.stringContaining('未压缩') as string,
      },
    })
    expect((await send('identity', Buffer.from('{}'))).status).toBe(otherwise)
  })

  test.each(['content-length: 30000000', 'transfer-encoding: chunked'])(
    'answers whoever sends thirty megabytes (%s), and reads nothing before all of it is sent',
    async (framing) => {
      const body = Buffer.alloc(30_000_000, ' ')
      const sent = framing.startsWith('c') ? body : chunkOf(body)
      const bearer = `authorization: Bearer ${account.token}`
      const head = `POST /api/v1/orders HTTP/1.1\r\nhost: a\r\n${bearer}\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`
      const { answer, failure } = await sendThenRead(Buffer.concat([Buffer.from(head), sent]))
      expect(failure).toBeNull()
      expect(answer).toMatch(/^HTTP\/1\.1 413[^]*connection: close[^]*"code":"tooLarge"/i)
    },
  )

  test('takes pictures by their content: XML that grows, SVG, archives and office files are none', async () => {
    const company = await account.client.companies.create(aCompany())
    const laughs = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY ${'bcdefghij'[n]} "${`&${'abcdefghi'[n]};`.repeat(10)}">`).join('')}]><svg xmlns="http://www.w3.org/2000/svg">&j;</svg>`
    const zip = Buffer.from('504b03041400000008', 'hex')
    for (const content of [
      Buffer.from(laughs),
      zip,
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      Buffer.from('%PDF-1.7'),
      gzipSync('x'),
    ]) {
      const wish = { id: company.id, kind: 'businessLicence' as const, contentBase64: content.toString('base64') }
      expect((await refusalOf(account.client.companies.putDocument(wish))).code).toBe('badImage')
    }
  })
})
