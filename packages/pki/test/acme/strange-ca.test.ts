import { describe, expect, test } from 'vitest'
import {
  answerChallenge,
  challengeProof,
  downloadChain,
  finalizeOrder,
  findOpenOrder,
  findOrdersUrl,
  listOrderUrls,
  placeOrder,
  readAuthorization,
  readOrder,
  readRenewalInfo,
  revokeCertificate,
} from '../../src/acme/index.ts'
import { createChain } from '../../../../test/harness/certificates.ts'
import { BASE, createStrangeCa } from './strange-ca.ts'
import type { Answer } from './strange-ca.ts'

const order = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  status: 'pending',
  identifiers: [{ type: 'dns', value: 'A.example' }, { type: 'hologram', value: 'x' }, 'junk', { type: 'dns' }],
  authorizations: [`${BASE}/authz/1`, 7, null],
  finalize: `${BASE}/finalize/1`,
  ...more,
})
const problem = (type: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: `urn:ietf:params:acme:error:${type}`,
  detail: 'because',
  ...more,
})

describe('what nobody knows is ignored', () => {
  test('in orders and authorizations', async () => {
    const ca = await createStrangeCa({
      '/order': { status: 201, headers: { location: `${BASE}/order/1` }, body: order({ profile2: {} }) },
      '/authz/1': {
        body: {
          status: 'pending',
          identifier: { type: 'dns', value: 'a.example' },
          wildcard: true,
          challenges: [
            { type: 'tls-alpn-01', url: `${BASE}/chall/0`, status: 'pending', token: 'abc' },
            { type: 'brain-scan-01', url: `${BASE}/chall/1`, status: 'pending' },
            { type: 'http-01', url: `${BASE}/chall/2`, status: 'daydreaming', token: 'abc' },
            { type: 'http-01', url: `${BASE}/chall/3`, status: 'pending', token: '../../etc/passwd' },
            null,
            { type: 'dns-01', url: `${BASE}/chall/4`, status: 'invalid', token: 'abc', error: problem('dns') },
          ],
        },
      },
    })
    const placed = await placeOrder(ca.client, ca.account, {
      names: ['a.example'],
      notAfter: Date.UTC(2027, 0, 1, 0, 0, 0, 5),
      replaces: 'x.y',
      profile: 'short',
    })
    expect(placed).toMatchObject({
      url: `${BASE}/order/1`,
      names: ['a.example'],
      authorizationUrls: [`${BASE}/authz/1`],
      problem: null,
    })
    expect(ca.payloadOf('/order')).toEqual({
      identifiers: [{ type: 'dns', value: 'a.example' }],
      notAfter: '2027-01-01T00:00:00Z',
      replaces: 'x.y',
      profile: 'short',
    })
    const authorization = await readAuthorization(ca.client, ca.account, `${BASE}/authz/1`)
    expect(authorization.challenges).toHaveLength(1)
    expect(authorization).toMatchObject({
      wildcard: true,
      challenges: [{ type: 'dns-01', problem: { type: 'dns', detail: 'because' } }],
    })
    expect(ca.payloadOf('/authz/1')).toBeUndefined()
    expect(ca.faults).toEqual([])
  })

  test('an answer that is no order is a problem, not a crash', async () => {
    const bodies: Answer['body'][] = [
      '',
      '<html>',
      '[]',
      'null',
      order({ status: 'dreaming' }),
      order({ finalize: 7 }),
      { status: 'pending' },
    ]
    for (const body of bodies) {
      const ca = await createStrangeCa({ '/order/1': { body } })
      await expect(readOrder(ca.client, ca.account, `${BASE}/order/1`)).rejects.toMatchObject({ type: 'invalidResponse' })
    }
    const long = await createStrangeCa({ '/order/1': { body: 'x'.repeat(300_000) } })
    await expect(readOrder(long.client, long.account, `${BASE}/order/1`)).rejects.toMatchObject({ type: 'invalidResponse' })
    const placed = await createStrangeCa({ '/order': { status: 201, body: order() } })
    await expect(placeOrder(placed.client, placed.account, { names: ['a.example'] })).rejects.toMatchObject({
      type: 'invalidResponse',
    })
  })
})

describe('nonces', () => {
  test('none is used twice, also by requests at once, and refused ones never surface', async () => {
    let refusals = 150
    const ca = await createStrangeCa(
      { '/order/1': { body: order() } },
      { refuseNonces: () => refusals-- > 0 && refusals % 10 !== 0 },
    )
    await Promise.all(Array.from({ length: 20 }, () => readOrder(ca.client, ca.account, `${BASE}/order/1`)))
    expect(ca.faults).toEqual([])
  })

  test('a CA that refuses every nonce is given up, and not as badNonce', async () => {
    let refuse = false
    const ca = await createStrangeCa({}, { refuseNonces: () => refuse })
    refuse = true
    await expect(readOrder(ca.client, ca.account, `${BASE}/order/1`)).rejects.toMatchObject({ type: 'serverInternal' })
    expect(ca.asked.filter((path) => path === '/order/1').length).toBeLessThanOrEqual(200)
  })

  test('one request brings the nonce of the next', async () => {
    const ca = await createStrangeCa({ '/order/1': { body: order() } })
    for (let i = 0; i < 5; i++) await readOrder(ca.client, ca.account, `${BASE}/order/1`)
    expect(ca.asked).toEqual(['/dir', '/nonce', '/account', ...Array.from({ length: 5 }, () => '/order/1')])
  })
})

describe('problems', () => {
  test('carry type, detail, the names of their parts and the wait, in seconds or as a date', async () => {
    const body = problem('rejectedIdentifier', {
      subproblems: [{ ...problem('caa'), identifier: { type: 'dns', value: 'b.example' } }, 'junk'],
    })
    const ca = await createStrangeCa({
      '/seconds': { status: 403, headers: { 'retry-after': '120' }, body },
      '/date': { status: 503, headers: { 'retry-after': 'Mon, 23 Nov 2026 00:01:30 GMT' }, body: '<html>' },
      '/moved': { status: 302, headers: { location: 'https://elsewhere.example/' }, body: '' },
    })
    const refusalOf = (path: string): Promise<unknown> =>
      readOrder(ca.client, ca.account, BASE + path).catch((error: unknown) => error)
    expect(await refusalOf('/seconds')).toMatchObject({
      type: 'rejectedIdentifier',
      status: 403,
      retryAfterSeconds: 120,
      subproblems: [{ type: 'caa', detail: 'because', identifier: 'b.example' }],
    })
    expect(await refusalOf('/date')).toMatchObject({ type: '', status: 503, retryAfterSeconds: 90 })
    expect(await refusalOf('/moved')).toMatchObject({ status: 302 })
    expect(await refusalOf('/nowhere')).toMatchObject({ status: 404, type: '' })
  })
})

describe('steps that may be repeated', () => {
  test('an order that is not ready is read and not finalized', async () => {
    for (const status of ['pending', 'processing', 'valid', 'invalid'] as const) {
      const ca = await createStrangeCa({ '/order/1': { body: order({ status }) } })
      const known = await readOrder(ca.client, ca.account, `${BASE}/order/1`)
      expect(await finalizeOrder(ca.client, ca.account, known, Uint8Array.of(1))).toMatchObject({ status })
      expect(ca.asked).not.toContain('/finalize/1')
    }
  })

  test('a CA that refuses a second answer is asked for the status', async () => {
    let status = 'processing'
    let posts = 0
    const ca = await createStrangeCa({
      '/chall/1': () => (posts++ % 2 === 0 ? { status: 400, body: problem('malformed') } : { body: { type: 'http-01', status } }),
    })
    await answerChallenge(ca.client, ca.account, `${BASE}/chall/1`)
    status = 'pending'
    await expect(answerChallenge(ca.client, ca.account, `${BASE}/chall/1`)).rejects.toMatchObject({ type: 'malformed' })
  })

  test('revoking what is revoked is fine, other refusals are not', async () => {
    let type = 'alreadyRevoked'
    const ca = await createStrangeCa({ '/revoke': () => ({ status: 400, body: problem(type) }) })
    await revokeCertificate(ca.client, ca.account, { der: Uint8Array.of(255), reason: 4 })
    expect(ca.payloadOf('/revoke')).toEqual({ certificate: '_w', reason: 4 })
    type = 'badRevocationReason'
    await expect(revokeCertificate(ca.client, ca.account, { der: Uint8Array.of(1), reason: 4 })).rejects.toMatchObject({ type })
  })
})

describe('the list of orders', () => {
  test('is read in both shapes, over relative links, and a list that leads in a circle ends', async () => {
    const ca = await createStrangeCa({
      '/account/1': { body: { orders: '/orders' } },
      '/orders': { headers: { link: '</orders?cursor=2>; rel="next"' }, body: { orders: [`${BASE}/order/1`, 7] } },
    })
    const url = await findOrdersUrl(ca.client, ca.account)
    expect(url).toBe(`${BASE}/orders`)
    const listed: string[] = []
    for await (const one of listOrderUrls(ca.client, ca.account, url ?? '')) listed.push(one)
    expect(listed).toEqual([`${BASE}/order/1`, `${BASE}/order/1`])
  })

  test('gives the newest open order for the names, skips what is gone, and is null without a list', async () => {
    const ca = await createStrangeCa({
      '/account/1': { body: { orders: `${BASE}/orders` } },
      '/orders': { body: [1, 2, 3, 4, 5].map((n) => `${BASE}/order/${n}`) },
      '/order/1': { body: order() },
      '/order/2': { body: order() },
      '/order/3': { body: order({ status: 'valid' }) },
      '/order/4': { body: order({ identifiers: [{ type: 'dns', value: 'other.example' }] }) },
    })
    const find = (isWanted: (url: string) => boolean) =>
      findOpenOrder(ca.client, ca.account, ['a.example'], ({ url }) => isWanted(url))
    expect((await find(() => true))?.url).toBe(`${BASE}/order/2`)
    expect((await find((url) => url.endsWith('/1')))?.url).toBe(`${BASE}/order/1`)
    expect(await find(() => false)).toBeNull()
    const without = await createStrangeCa({ '/account/1': { body: {} } })
    expect(await findOpenOrder(without.client, without.account, ['a.example'], () => true)).toBeNull()
  })
})

describe('downloads', () => {
  const [first, second] = [createChain(), createChain()]
  const [leaf, other] = [first.issue(), second.issue()]

  test('an alternate is taken by its issuer, else the first; text around the blocks goes', async () => {
    const ca = await createStrangeCa({
      '/cert': { headers: { link: '<dir>;rel="index", <cert2>;rel="alternate"' }, body: `# junk\n${leaf.chainPem}` },
      '/cert2': { body: other.chainPem },
    })
    const download = (issuer: string | null) => downloadChain(ca.client, ca.account, `${BASE}/cert`, issuer)
    expect(await download(null)).toBe(leaf.chainPem)
    expect(await download('No Such Root')).toBe(leaf.chainPem)
    const { X509Certificate } = await import('node:crypto')
    const rootName = new X509Certificate(other.rootPem).subject.replace('CN=', '')
    expect(await download(rootName)).toBe(other.chainPem)
  })

  test('what is no chain is a problem', async () => {
    for (const body of ['', '{}', leaf.privateKeyPem, leaf.chainPem + leaf.privateKeyPem]) {
      const ca = await createStrangeCa({ '/cert': { body } })
      await expect(downloadChain(ca.client, ca.account, `${BASE}/cert`)).rejects.toMatchObject({ type: 'invalidResponse' })
    }
  })
})

test('a directory that lacks what every CA has is a problem, and is asked for again', async () => {
  const { createAcmeClient } = await import('../../src/acme/index.ts')
  let body = '{"newNonce":"https://ca.example/nonce"}'
  const client = createAcmeClient({
    directoryUrl: `${BASE}/dir`,
    transport: () => Promise.resolve({ status: 200, headers: {}, body: new TextEncoder().encode(body) }),
    now: () => 0,
  })
  await expect(client.directory()).rejects.toMatchObject({ type: 'invalidResponse' })
  body = JSON.stringify({
    newNonce: `${BASE}/n`,
    newAccount: `${BASE}/a`,
    newOrder: `${BASE}/o`,
    meta: { profiles: { short: 'x' } },
    x: [],
  })
  expect(await client.directory()).toMatchObject({ newOrder: `${BASE}/o`, revokeCert: null, profiles: ['short'] })
})

test('errors of the transport pass through unchanged', async () => {
  const { createAcmeClient } = await import('../../src/acme/index.ts')
  const failure = new RangeError('cable')
  const client = createAcmeClient({ directoryUrl: `${BASE}/dir`, transport: () => Promise.reject(failure), now: () => 0 })
  await expect(client.directory()).rejects.toBe(failure)
})

test('proofs are those of RFC 8555 §8.3 and §8.4 for the key of RFC 7638 §3.1', () => {
  const key = { thumbprint: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' } as Parameters<typeof challengeProof>[0]
  expect(challengeProof(key, { type: 'http-01', token: 'LoqXcYV8' }, 'a.example')).toEqual({
    location: '/.well-known/acme-challenge/LoqXcYV8',
    content: 'LoqXcYV8.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  })
  const { location, content } = challengeProof(key, { type: 'dns-01', token: 'LoqXcYV8' }, 'a.example')
  expect(location).toBe('_acme-challenge.a.example')
  expect(content).toMatch(/^[A-Za-z0-9_-]{43}$/)
})

describe('renewal information (RFC 9773)', () => {
  const suggestedWindow = { start: '2027-01-02T04:00:00Z', end: '2027-01-03T04:00:00Z' }
  const directory = {
    newNonce: `${BASE}/nonce`,
    newAccount: `${BASE}/account`,
    newOrder: `${BASE}/order`,
    renewalInfo: `${BASE}/renewal-info`,
  }
  const ask = async (body: unknown, headers: Record<string, string> = {}) => {
    const ca = await createStrangeCa({ '/dir': { body: directory }, '/renewal-info/aki.serial': { body, headers } })
    const info = await readRenewalInfo(ca.client, 'aki.serial')
    expect(ca.faults).toEqual([])
    return info
  }

  test('window, page and when to ask again', async () => {
    const explanationURL = 'https://ca.example/docs/incident'
    expect(await ask({ suggestedWindow, explanationURL }, { 'retry-after': '21600' })).toEqual({
      startsAt: Date.parse(suggestedWindow.start),
      endsAt: Date.parse(suggestedWindow.end),
      explanationUrl: explanationURL,
      retryAfterSeconds: 21_600,
    })
  })

  test.each(['javascript:alert(1)', 'no page', `https://ca.example/${'x'.repeat(3000)}`])('%.30s is no page', async (url) => {
    expect(await ask({ suggestedWindow, explanationURL: url })).toMatchObject({ explanationUrl: null, retryAfterSeconds: null })
  })

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['text', 'soon'],
    ['half a window', { suggestedWindow: { start: suggestedWindow.start } }],
    ['a window that ends before it starts', { suggestedWindow: { start: suggestedWindow.end, end: suggestedWindow.start } }],
    ['times that are none', { suggestedWindow: { start: 'soon', end: 'later' } }],
  ])('%s is refused', async (_what, body) => {
    await expect(ask(body)).rejects.toMatchObject({ type: 'invalidResponse' })
  })

  test('a CA that gives none is not asked', async () => {
    const ca = await createStrangeCa({})
    expect(await readRenewalInfo(ca.client, 'aki.serial')).toBeNull()
  })
})
