import { request as rawRequest } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  contract,
  parseProblem,
  PROBLEM_TEXTS,
  PROBLEMS,
  toProblemDocument,
  type ProblemCode,
  type ProblemDocument,
} from '@evercert/contract'
import { AppError } from '../../src/domain/errors.ts'
import { createProofApp } from '../../src/http/app.ts'
import { renderProblem } from '../../src/http/problem.ts'
import { anAccount, anUpload, PRIVATE_SINGLE, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

type Send = (path: string, init?: RequestInit) => Promise<Response>

const CHINESE = /[一-龥]/u

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let send: Send
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service)
    send = (path, init = {}) => {
      const headers = new Headers(init.headers)
      if (!headers.has('authorization')) headers.set('authorization', `Bearer ${account.token}`)
      if (init.body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
      return service.fetch(path, { ...init, headers })
    }
  })
  afterAll(() => service.stop())

  /** Any 4xx must be a whole problem document; nothing may be a 5xx. */
  async function problemOf(response: Response): Promise<ProblemDocument> {
    const text = await response.text()
    expect({ status: response.status >= 400 && response.status < 500, text }).toEqual({ status: true, text })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const problem = parseProblem(JSON.parse(text))
    if (problem === null) throw new Error(`not a problem document: ${text}`)
    expect(problem).toMatchObject({ status: response.status, type: `urn:evercert:problem:${problem.code}` })
    expect(problem.requestId).toBe(response.headers.get('x-request-id'))
    expect(problem.cause.en).not.toBe('')
    expect(problem.remedy.en).not.toBe('')
    expect(problem.cause.zh).toMatch(CHINESE)
    expect(problem.remedy.zh).toMatch(CHINESE)
    expect(text).not.toMatch(/node_modules|\.ts:\d|at Object\./)
    return problem
  }

  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = '/api/v1/orders') =>
    send(path, { method: 'POST', body, headers })
  const order = JSON.stringify({ productId: PRIVATE_SINGLE })

  test.each([
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['ZH', 'zh'],
    ['fr, zh;q=0.5, en;q=0.4', 'zh'],
    ['en, zh', 'en'],
    ['zh;q=0, *', 'en'],
    ['zh;q=many', 'en'],
    ['fr', 'en'],
    ['*', 'en'],
  ])('the title is in the language that is preferred: %s', async (accepted, language) => {
    const headers = { 'accept-language': accepted }
    for (const path of ['/api/v1/orders/ord_none', '/api/v1/nothing', '/api/v1/orders?limit=many']) {
      const response = await send(path, { headers })
      const { title, cause, code } = await problemOf(response)
      expect(title).toBe(language === 'zh' ? cause.zh : PROBLEMS[code].title)
      expect(response.headers.get('content-language')).toBe(language === 'zh' ? 'zh, en' : 'en')
      expect(response.headers.get('vary')).toMatch(/accept-language/i)
    }
  })

  describe('a body', () => {
    test.each([
      ['cut short', '{"productId": "evercert'],
      ['of text', 'productId=1'],
      ['empty', ''],
      ['of null', 'null'],
      ['of an array', '[]'],
      ['of a number', '1e999'],
      ['of a string', '"evercert"'],
      ['with a comment', '{/* */"productId":"x"}'],
      ['with a trailing comma', '{"productId":"x",}'],
      ['in single quotes', "{'productId':'x'}"],
      ['with an unknown field', '{"productId":"evercert-private-dv-single","price":0}'],
      ['with a field of another type', '{"productId":["evercert-private-dv-single"]}'],
      ['with a fraction of a domain', '{"productId":"evercert-private-dv-single","domainCount":1.5}'],
      ['with a negative count', '{"productId":"evercert-private-dv-single","domainCount":-1}'],
      ['with a count beyond numbers', '{"productId":"evercert-private-dv-single","domainCount":1e300}'],
      ['with __proto__', '{"productId":"evercert-private-dv-single","__proto__":{"domainCount":7}}'],
      ['with constructor.prototype', '{"productId":"evercert-private-dv-single","constructor":{"prototype":{"polluted":true}}}'],
      ['with NUL in a name', '{"productId":"a\\u0000b"}'],
      ['with half a surrogate pair', '{"productId":"\\ud800"}'],
      ['nested ten thousand deep', `{"productId":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
      ['nested three hundred thousand deep', '['.repeat(300_000) + ']'.repeat(300_000)],
      ['of objects nested deep', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)],
      ['with a very long key', `{"${'k'.repeat(500_000)}":1}`],
      ['with a byte order mark only', '\ufeff'],
    ])('%s is refused', async (_what, body) => {
      expect(await problemOf(await post(body))).toMatchObject({ code: 'invalid' })
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      expect(({} as Record<string, unknown>)['domainCount']).toBeUndefined()
    })

    test.each([
      ['a field twice', '/api/v1/orders', `{"productId":"x","productId":"${PRIVATE_SINGLE}"}`, 'productId'],
      ['a field twice, once escaped', '/api/v1/orders', `{"productId":"x","product\\u0049d":"${PRIVATE_SINGLE}"}`, 'productId'],
      ['__proto__ twice', '/api/v1/orders', '{"__proto__":1,"__proto__":2}', '__proto__'],
      ['an empty name twice', '/api/v1/orders', '{"":1,"":2}', 'body'],
      [
        'a setting twice',
        '/api/v1/dns-connections',
        '{"name":"a","kind":"rfc2136","config":{"server":"192.0.2.1","keyName":"k","server":"192.0.2.2"}}',
        'server',
      ],
      [
        'a field of one of several twice',
        '/api/v1/certificate-uploads',
        '{"entries":[{"name":"a"},{"name":"b","name":"c"}]}',
        'name',
      ],
      ['a field of a sign-in twice', '/api/auth/sign-in/email', '{"email":"a@example.com","email":"b@example.com"}', 'email'],
    ])('with %s is refused, and the name said', async (_what, path, body, name) => {
      expect(await problemOf(await post(body, { origin: new URL(service.url).origin }, path))).toMatchObject({
        code: 'invalid',
        detail: `Reading the request: ${name}: must stand once in its object.`,
        facts: { faultsZh: [`${name}: 在同一对象中只能出现一次`] },
      })
    })

    /** Well-formed JSON but for bytes that are not UTF-8: `?` stands for them. */
    const bytesOf = (json: object, wrong: readonly number[]): Uint8Array<ArrayBuffer> => {
      const [before = '', after = ''] = JSON.stringify(json).split('?')
      return new Uint8Array([...Buffer.from(before), ...wrong, ...Buffer.from(after)])
    }
    const NOT_UTF8 = [[0xff, 0xfe], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]] as const
    const contact = { name: 'A ? B', email: 'a@example.com', phone: '13800138000' }
    const notUtf8 = { code: 'invalid', status: 400, detail: expect.stringContaining('UTF-8') as string }

    test.each([
      ['an order', '/api/v1/orders', { productId: PRIVATE_SINGLE, note: '?' }],
      ['a contact', '/api/v1/contacts', contact],
      ['uploads', '/api/v1/certificate-uploads', { entries: [{ name: '?' }] }],
      ['a sign-in', '/api/auth/sign-in/email', { email: 'a@example.com', password: 'pass?word-of-somebody' }],
    ])('of bytes that are not UTF-8 is refused: %s', async (_what, path, json) => {
      const headers = { origin: new URL(service.url).origin }
      for (const wrong of NOT_UTF8)
        expect(await problemOf(await post(bytesOf(json, wrong), headers, path))).toMatchObject(notUtf8)
      const stream = new Response(bytesOf(json, NOT_UTF8[0])).body
      const chunked = await send(path, {
        method: 'POST',
        body: stream,
        headers: { ...headers, 'content-type': 'application/json' },
        duplex: 'half',
      } as RequestInit)
      expect(await problemOf(chunked)).toMatchObject(notUtf8)
    })

    test('of bytes that are UTF-8 is stored as it was sent, and nothing of what was refused', async () => {
      const { items } = await account.client.contacts.list({ limit: 200 })
      expect(items.filter(({ name }) => name.includes('\ufffd'))).toEqual([])
      const sent = await post(bytesOf(contact, [...Buffer.from('é证')]), {}, '/api/v1/contacts')
      expect(await sent.json()).toMatchObject({ name: 'A é证 B' })
    })

    test('without anything but bytes that are not UTF-8 is refused where no field is wanted', async () => {
      const { id } = await account.client.orders.place({ productId: PRIVATE_SINGLE })
      const response = await post(new Uint8Array([0x22, 0xff, 0x22]), {}, `/api/v1/orders/${id}/cancel`)
      expect(await problemOf(response)).toMatchObject(notUtf8)
    })

    test('of two megabytes is refused as too large, said or not said beforehand', async () => {
      const tooLarge = {
        code: 'tooLarge',
        facts: { maxBodyBytes: 1_048_576 },
        cause: { en: 'The body of the request is larger than 1 MiB.', zh: '请求正文超过上限 1 MiB。' },
        remedy: { en: expect.stringContaining('/certificate-uploads') as string, zh: expect.stringContaining('拆分') as string },
      }
      expect(await problemOf(await post(`{"productId":"${'a'.repeat(2_000_000)}"}`))).toMatchObject(tooLarge)
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (let sent = 0; sent < 32; sent += 1) controller.enqueue(new Uint8Array(65_536).fill(0x20))
          controller.close()
        },
      })
      const chunked = await send('/api/v1/orders', { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
      expect(await problemOf(chunked)).toMatchObject(tooLarge)
      const upload = await post(`{"entries":"${'a'.repeat(9_000_000)}"}`, {}, '/api/v1/certificate-uploads')
      expect(await problemOf(upload)).toMatchObject({
        code: 'tooLarge',
        cause: { en: 'The body of the request is larger than 8 MiB.' },
        remedy: {
          en: expect.stringContaining('evercert upload --from') as string,
          zh: expect.stringContaining('自动拆分') as string,
        },
      })
    })

    test.each([
      ['text/plain', order],
      ['application/xml', '<order/>'],
      ['application/x-www-form-urlencoded', `productId=${PRIVATE_SINGLE}`],
      [
        'multipart/form-data; boundary=x',
        `--x\r\nContent-Disposition: form-data; name="productId"\r\n\r\n${PRIVATE_SINGLE}\r\n--x--\r\n`,
      ],
      ['multipart/form-data; boundary=x', 'not a form'],
      ['multipart/form-data', order],
      ['application/octet-stream', order],
      ['text/event-stream', 'data: 1'],
      ['application/json; charset=utf-16', '{'],
      ['nonsense', order],
    ])('of the type %s is refused, and nothing is ordered', async (type, body) => {
      const before = (await account.client.orders.list({ limit: 200 })).items.length
      expect(await problemOf(await post(body, { 'content-type': type }))).toMatchObject({ code: 'invalid' })
      expect((await account.client.orders.list({ limit: 200 })).items.length).toBe(before)
    })

    test('of no type is refused, and nothing is needed where nothing is sent', async () => {
      const bytes = new TextEncoder().encode(order)
      const untyped = await service.fetch('/api/v1/orders', {
        method: 'POST',
        body: bytes,
        headers: { authorization: `Bearer ${account.token}` },
      })
      expect(await problemOf(untyped)).toMatchObject({ code: 'invalid' })
      const placed = await account.client.orders.place({ productId: PRIVATE_SINGLE })
      expect((await send(`/api/v1/orders/${placed.id}/cancel`, { method: 'POST' })).status).toBe(200)
    })

    test('names every field that is wrong', async () => {
      const problem = await problemOf(await post('{"productId":1,"termYears":9}'))
      expect(problem.code).toBe('invalid')
      expect(problem.detail).toMatch(/productId/)
      expect(problem.detail).toMatch(/termYears/)
    })

    test('of unknown fields in settings, however deep, is refused with the field', async () => {
      const config = `{"certificatePath":"/tmp/x/a.pem","keyPath":"/tmp/x/a.key","reloadCommand":["true"],"extra":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
      const { id } = await anUpload(account)
      const body = `{"certificateId":"${id}","name":"deep","kind":"localFiles","config":${config}}`
      expect(await problemOf(await post(body, {}, '/api/v1/targets'))).toMatchObject({ code: 'invalid' })
    })
  })

  describe('a path or query', () => {
    test.each([
      ['an unknown path', '/api/v1/nothing', 'notFound'],
      ['an unknown place outside the API', '/admin', 'notFound'],
      ['dots', '/api/v1/../../etc/passwd', 'notFound'],
      ['encoded dots', '/api/v1/certificates/%2e%2e%2f%2e%2e', 'notFound'],
      ['a broken percent sign', '/api/v1/certificates/%zz', undefined],
      ['NUL', '/api/v1/certificates/%00', 'invalid'],
      ['invalid UTF-8', '/api/v1/certificates/%ff%fe', undefined],
      ['an identifier that is too long', `/api/v1/certificates/${'a'.repeat(65)}`, 'invalid'],
      ['an identifier that was never given', '/api/v1/orders/ord_0', 'notFound'],
      ['an unknown query field', '/api/v1/certificates?order=name', 'invalid'],
      ['a field twice', '/api/v1/certificates?limit=1&limit=2', 'invalid'],
      ['brackets', '/api/v1/certificates?status[0]=issued', 'invalid'],
      ['__proto__ in brackets', '/api/v1/certificates?__proto__[polluted]=1', 'invalid'],
      ['constructor in brackets', '/api/v1/certificates?constructor[prototype][polluted]=1', 'invalid'],
      ['brackets nested deep', `/api/v1/certificates?a${'[b]'.repeat(2000)}=1`, 'invalid'],
      ['a huge index', '/api/v1/certificates?status[4294967294]=issued', 'invalid'],
      ['no limit', '/api/v1/certificates?limit=0', 'invalid'],
      ['a limit beyond', '/api/v1/certificates?limit=201', 'invalid'],
      ['a limit of text', '/api/v1/certificates?limit=ten', 'invalid'],
      ['a status that is none', '/api/v1/certificates?status=lost', 'invalid'],
      ['a search that is too long', `/api/v1/certificates?search=${'a'.repeat(254)}`, 'invalid'],
      ['a search with NUL', '/api/v1/certificates?search=%00', 'invalid'],
      ['a bad cursor', '/api/v1/certificates?cursor=%27%20or%201%3D1', 'invalid'],
      ['a bad cursor of orders', '/api/v1/orders?cursor=zzz', 'invalid'],
      ['a CA file that is not there', '/ca/nobody.crl', 'notFound'],
    ] as const)('with %s is refused', async (_what, path, code) => {
      expect(await problemOf(await send(path))).toMatchObject(code === undefined ? {} : { code })
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    })

    test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s on a path of the API is refused', async (method) => {
      expect(await problemOf(await send('/api/v1/orders', { method }))).toMatchObject({ code: 'notFound' })
      expect(await problemOf(await send('/api/v1/certificates/x', { method }))).toMatchObject({ code: 'notFound' })
    })

    test('an unknown query parameter is named as one', async () => {
      const problem = await problemOf(await send('/api/v1/certificates?limit=2&bogus=1'))
      expect(problem).toMatchObject({
        code: 'invalid',
        detail: 'Reading the request: query: Unrecognized key: "bogus".',
        facts: {
          faultsEn: ['query: There is no such query parameter: bogus'],
          faultsZh: ['query: 没有这样的查询参数：bogus'],
        },
      })
      expect((await problemOf(await post('{"bogus":1}'))).detail).toContain('body: Unrecognized key')
    })

    test('HEAD is answered without a body and without an error of ours', async () => {
      for (const path of ['/api/v1/orders', '/api/v1/docs', '/healthz', '/nothing']) {
        const response = await send(path, { method: 'HEAD' })
        expect(response.status).toBeLessThan(500)
        expect(await response.text()).toBe('')
      }
    })

    test('a very long URL and a very long header are refused before they are read', async () => {
      const long = await send(`/api/v1/certificates?search=${'a'.repeat(60_000)}`)
      expect(long.status).toBeGreaterThanOrEqual(400)
      expect(long.status).toBeLessThan(500)
      const header = await send('/api/v1/certificates', { headers: { 'x-long': 'a'.repeat(60_000) } })
      expect(await problemOf(header)).toMatchObject({ code: 'headersTooLarge', status: 431 })
    })

    test('bytes that are no HTTP get 400 and an end', async () => {
      const answer = await talk('GET / HTTP/1.1\r\nHost: a\r\nBad Header : x\r\n\r\n')
      expect(answer).toMatch(/^HTTP\/1\.1 400/)
      expect(answer).not.toContain('Bad Header')
      expect(await talk('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')).toMatch(/^(HTTP\/1\.1 400|$)/)
    })

    test.each([
      [
        'a control character in the Idempotency-Key',
        'POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nIdempotency-Key: a\x01b\r\n',
        '400',
      ],
      ['a Content-Length that is none', 'POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: x1\r\n', '400'],
      ['no Host', 'GET /api/v1/orders HTTP/1.1\r\n', '400'],
      ['a Host that is none', 'GET /api/v1/orders HTTP/1.1\r\nHost: elsewhere org\r\n', '400'],
      ['a path with a backslash', 'GET /api\\v1 HTTP/1.1\r\nHost: a\r\n', '400'],
      ['more of headers than is read', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(20_000)}\r\n`, '431'],
    ])('%s is refused with a problem document that repeats nothing', async (_what, request, status) => {
      const [head = '', body = ''] = (await talk(`${request}Connection: close\r\n\r\n`)).split('\r\n\r\n')
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      const lines = head.toLowerCase().split('\r\n')
      expect(lines).toContain('content-type: application/problem+json')
      expect(lines).toContain('x-content-type-options: nosniff')
      expect(lines).toContain(`content-length: ${body.length}`) // a character for each byte
      const problem = parseProblem(JSON.parse(Buffer.from(body, 'latin1').toString()))
      expect(problem).toMatchObject({ status: Number(status), requestId: null })
      expect(problem?.cause.zh).toMatch(CHINESE)
      expect(problem?.remedy.zh).toMatch(CHINESE)
      expect(body).not.toMatch(/\\u0001|yyyy|elsewhere|orders/)
    })

    test('a request whose lengths contradict each other is refused', async () => {
      const smuggled = `POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
      expect(await talk(smuggled)).toMatch(/^HTTP\/1\.1 400/)
    })
  })

  function talk(text: string): Promise<string> {
    const { hostname, port } = new URL(service.url)
    return new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(text))
      let answer = ''
      socket.setTimeout(5000, () => socket.destroy())
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
      socket.on('error', () => {})
      socket.on('close', () => resolve(answer))
      socket.on('end', () => socket.end())
    })
  }

  describe('a header', () => {
    test.each(['', 'Basic b3BlcmF0b3I6', 'Bearer', 'Bearer ', 'Bearer a b', `Bearer ${'a'.repeat(513)}`, 'Bearer évc', 'bearer'])(
      'Authorization "%s" is no token',
      async (authorization) => {
        const answer = await rawGet('/api/v1/orders', { authorization: Buffer.from(authorization).toString('latin1') })
        expect(answer).toMatchObject({ status: 401, code: 'unauthenticated' })
      },
    )

    test('the scheme of the token is read in any case', async () => {
      expect(await rawGet('/api/v1/orders', { authorization: `bEARER ${account.token}` })).toMatchObject({ status: 200 })
    })

    test('an Idempotency-Key is 1 to 128 characters', async () => {
      expect(await problemOf(await post(order, { 'idempotency-key': '' }))).toMatchObject({ code: 'invalid' })
      expect(await problemOf(await post(order, { 'idempotency-key': 'k'.repeat(129) }))).toMatchObject({ code: 'invalid' })
      expect((await post(order, { 'idempotency-key': 'k'.repeat(128) })).status).toBe(201)
      expect((await post(order, { 'idempotency-key': '\'; drop table "order"; --' })).status).toBe(201)
    })
  })

  function rawGet(path: string, headers: Record<string, string>): Promise<{ status: number; code: string | undefined }> {
    return new Promise((resolve, reject) => {
      const asked = rawRequest(new URL(path, service.url), { headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, code: (JSON.parse(body) as { code?: string }).code }),
        )
      })
      asked.on('error', reject)
      asked.end()
    })
  }

  describe('an operator’s mistake', () => {
    const product = (wish: object = {}) => ({
      id: 'made-up',
      title: { en: 'Made up', zh: '虚构' },
      specification: { domainType: 'single', certificateType: 'DV', grade: 'g', brand: 'b' },
      issuerId: 'evercert-private',
      supportsRenewal: true,
      prices: [price()],
      ...wish,
    })
    const price = (wish: object = {}) => ({
      termYears: 1,
      base: { amountMinor: 1, currency: 'CNY' },
      includedDomains: 1,
      extraDomain: { amountMinor: 0, currency: 'CNY' },
      ...wish,
    })
    const issuer = (wish: object = {}) => ({ id: 'acme-x', title: 'X', kind: 'builtin', config: {}, ...wish })

    test.each([
      ['a product without a price', '/api/v1/products', product({ prices: [] })],
      ['a product with a price of four years', '/api/v1/products', product({ prices: [price({ termYears: 4 })] })],
      ['a product with a term twice', '/api/v1/products', product({ prices: [price(), price()] })],
      ['a negative price', '/api/v1/products', product({ prices: [price({ base: { amountMinor: -1, currency: 'CNY' } })] })],
      ['a price that includes nothing', '/api/v1/products', product({ prices: [price({ includedDomains: 0 })] })],
      [
        'a price in two currencies',
        '/api/v1/products',
        product({ prices: [price({ base: { amountMinor: 1, currency: 'EUR' } })] }),
      ],
      ['a product of no issuer', '/api/v1/products', product({ issuerId: 'nobody' })],
      ['a product that is there', '/api/v1/products', product({ id: PRIVATE_SINGLE })],
      ['an issuer of no kind', '/api/v1/issuers', issuer({ kind: 'magic' })],
      ['an issuer without settings', '/api/v1/issuers', issuer()],
      ['an issuer with a root that is none', '/api/v1/issuers', { ...issuer(), config: builtinConfig(), rootPem: 'garbage' }],
      ['an issuer that is there', '/api/v1/issuers', { ...issuer({ id: 'evercert-private' }), config: builtinConfig() }],
      [
        'a DNS connection with a setting that there is not',
        '/api/v1/dns-connections',
        { name: 'x', kind: 'rfc2136', config: { server: 'a', keyName: 'k', secret: 'c2VjcmV0', algoritm: 'hmac-sha512' } },
      ],
      ['a DNS connection of no kind', '/api/v1/dns-connections', { name: 'x', kind: 'magic', config: {} }],
      ['a DNS connection without settings', '/api/v1/dns-connections', { name: 'x', kind: 'rfc2136', config: {} }],
      ['a top-up of nothing', '/api/v1/balance/top-ups', { amountMinor: 0, currency: 'CNY' }],
      ['a top-up in no currency', '/api/v1/balance/top-ups', { amountMinor: 1, currency: 'yuan' }],
    ])('%s is refused', async (_what, path, body) => {
      expect(await problemOf(await post(JSON.stringify(body), {}, path))).not.toMatchObject({ code: 'internal' })
    })

    test.each(['http://a.example', 'a b', '-a.example', 'a.example:443', '[::1', '*.a.example', ''])(
      'an endpoint at "%s" is refused',
      async (host) => {
        const { id } = await anUpload(account)
        expect(await problemOf(await post(JSON.stringify({ certificateId: id, host }), {}, '/api/v1/endpoints'))).toMatchObject({
          code: 'invalid',
        })
      },
    )
  })

  function builtinConfig(): object {
    return {
      authorityId: 'other',
      organisation: 'Other',
      validityRule: 'private',
      publicUrl: 'http://127.0.0.1',
      fileValidationPorts: { http: 80, https: null },
    }
  }

  describe('validation files', () => {
    test.each([
      '/.well-known/pki-validation/%00',
      '/.well-known/pki-validation/%ff',
      '/.well-known/acme-challenge/x',
      '/',
      '/api/v1/orders',
      '/.well-known/a/../../healthz',
    ])('the listener of validation files knows nothing of %s', async (path) => {
      const proofApp = createProofApp(service.services)
      for (const host of ['a.example.com', 'A.EXAMPLE.com:80', '', 'x'.repeat(300), "' or '1'='1"]) {
        const response = await proofApp.fetch(new Request(new URL(path, 'http://localhost'), { headers: { host } }))
        expect(response.status).toBe(404)
      }
    })
  })

  describe('the description of the API', () => {
    test('openapi.json is of version 3.1 and has every operation with its permission and its problems', async () => {
      const response = await service.fetch('/api/v1/openapi.json')
      const document = (await response.json()) as OpenApi
      expect(document.openapi).toMatch(/^3\.1\./)
      const missing: string[] = []
      for (const [group, members] of Object.entries(contract)) {
        for (const [member, procedure] of Object.entries(members)) {
          const { route, meta } = procedure['~orpc']
          const operation = document.paths[route.path ?? '']?.[(route.method ?? 'POST').toLowerCase()]
          const described =
            operation?.responses['default'] !== undefined &&
            operation.description === `Permission: ${meta.operation?.scope ?? '-'}`
          if (!described) missing.push(`${group}.${member}`)
        }
      }
      expect(missing).toEqual([])
      const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
      expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
      for (const reference of referencesIn(document)) expect(resolveIn(document, reference)).toBeDefined()
    })

    test('the reference page needs nothing that its own policy forbids', async () => {
      const page = await service.fetch('/api/v1/docs')
      const policy = page.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'self'")
      expect(policy).not.toMatch(/unsafe|https?:/)
      const html = await page.text()
      expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/i)
      const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
      expect(sources.length).toBeGreaterThan(0)
      for (const source of sources) {
        expect(source).toMatch(/^\//)
        const script = await service.fetch(source)
        expect(script.status).toBe(200)
        expect(script.headers.get('content-type')).toMatch(/^text\/javascript/)
        expect(await script.text()).not.toMatch(/\beval\(|innerHTML|https?:\/\//)
      }
    })

    test('every answer forbids framing and sniffing', async () => {
      for (const path of ['/api/v1/docs', '/api/v1/orders', '/healthz', '/nothing']) {
        const { headers } = await service.fetch(path)
        expect(headers.get('x-content-type-options')).toBe('nosniff')
        expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
        expect(headers.get('x-powered-by')).toBeNull()
      }
    })
  })

  test.each(Object.keys(PROBLEMS) as ProblemCode[])('the problem %s renders with its texts in both languages', (code) => {
    const error = new AppError(code, 'Doing it: it failed: do it again.', { facts: { id: 'x' }, retryAfterSeconds: 7 })
    const rendered = renderProblem(service.services, error, { requestId: 'request-1', headers: new Headers() })
    expect(rendered).toEqual({
      problem: toProblemDocument(code, error.message, { facts: { id: 'x' }, requestId: 'request-1' }),
      retryAfterSeconds: 7,
    })
    expect(parseProblem(JSON.parse(JSON.stringify(rendered.problem)))).toEqual(rendered.problem)
    expect(PROBLEM_TEXTS[code].cause.zh).toMatch(CHINESE)
    expect(PROBLEM_TEXTS[code].remedy.zh).toMatch(CHINESE)
  })

  test('an error of ours shows nothing of itself', () => {
    const rendered = renderProblem(service.services, new Error('password=hunter2 at /srv/app.ts'), {
      requestId: 'request-2',
      headers: new Headers(),
    })
    expect(rendered.problem).toMatchObject({ code: 'internal', status: 500, requestId: 'request-2' })
    expect(JSON.stringify(rendered)).not.toMatch(/hunter2|srv/)
  })

  test('who was ended for two that wait for each other is told to ask again', () => {
    const error = Object.assign(new Error('deadlock detected'), { code: '40P01' })
    const rendered = renderProblem(service.services, error, { requestId: 'request-3', headers: new Headers() })
    expect(rendered).toMatchObject({ problem: { code: 'conflict', status: 409 }, retryAfterSeconds: 1 })
  })

  test('after all this the service answers as before', async () => {
    expect(await (await service.fetch('/readyz')).text()).toBe('ready')
    expect((await post(order, { 'idempotency-key': 'after-all-this' })).status).toBe(201)
  })
})

interface OpenApi {
  readonly openapi: string
  readonly paths: Record<
    string,
    Record<string, { operationId: string; description?: string; responses: Record<string, unknown> }>
  >
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  )
}

function resolveIn(document: object, reference: string): unknown {
  const steps = reference.replace(/^#\//, '').split('/')
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document)
}
