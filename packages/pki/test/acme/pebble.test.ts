/** Whole issuances against Debian's Pebble, hostile in every way that it offers. */
import { X509Certificate } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { startChallengeServer } from '../../../../test/harness/challenge-server.ts'
import { startPebble } from '../../../../test/harness/pebble.ts'
import type { Pebble, PebbleOptions } from '../../../../test/harness/pebble.ts'
import {
  AcmeProblem,
  answerChallenge,
  findOrdersUrl,
  finalizeOrder,
  generateAccountJwk,
  listOrderUrls,
  loadAccountKey,
  placeOrder,
  readAuthorization,
  readOrder,
  registerAccount,
  revokeCertificate,
} from '../../src/acme/index.ts'
import { createCsr, generateKey, keyMatches, parseCertificate, parseChain, verifyChain } from '../../src/index.ts'
import { clientFor, issue, openSession, prove, settle } from './issue.ts'
import type { Places, Session } from './issue.ts'

const ended: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function start(options: PebbleOptions = {}): Promise<{ pebble: Pebble; places: Places }> {
  const pebble = await startPebble(options)
  ended.push(() => pebble.stop())
  const files = await startChallengeServer(pebble.httpPort)
  ended.push(() => files.stop())
  return { pebble, places: { files, dns: pebble.dns } }
}

async function open(pebble: Pebble, request?: Parameters<typeof openSession>[1]): Promise<Session> {
  const session = await openSession(pebble, request)
  ended.push(() => session.close())
  return session
}

let counter = 0
const freshName = (): string => `n${++counter}.example.com`

describe('issuance', () => {
  test.each([0, 5, 50, 90])(
    'by http-01 and dns-01, alone and at once, with %i percent of the nonces refused',
    async (nonceRejectPercent) => {
      const { pebble, places } = await start({ nonceRejectPercent })
      const session = await open(pebble)
      const root = parseCertificate(await pebble.rootPem())
      const wild = freshName()
      const wanted = [[freshName()], [wild, `*.${wild}`], [freshName(), freshName(), freshName()]]
      const results = await Promise.all(
        wanted.map((names, i) => issue(session, places, names, { type: i === 1 ? 'dns-01' : 'http-01' })),
      )
      const posts = session.sent.filter((line) => line.startsWith('POST')).length
      if (nonceRejectPercent === 90) expect(posts).toBeGreaterThan(100)
      for (const [i, { chainPem, key }] of results.entries()) {
        const chain = parseChain(chainPem)
        expect(verifyChain(chain, { roots: [root] })).toEqual({ complete: true, problems: [] })
        expect(chain[0]?.names.toSorted()).toEqual(wanted[i]?.toSorted())
        expect(chain[0] && keyMatches(chain[0], key)).toBe(true)
      }
    },
  )

  test('with a slow validation', async () => {
    const { pebble, places } = await start({ validationSleepSeconds: 2 })
    const { order } = await issue(await open(pebble), places, [freshName()])
    expect(order.status).toBe('valid')
  })

  test('a first issuance for one name takes at most 12 requests when no nonce is refused', async () => {
    const { pebble, places } = await start({ nonceRejectPercent: 0, alwaysValid: true })
    const session = await open(pebble)
    session.sent.length = 0
    await issue(session, places, [freshName()])
    expect(session.sent.filter((line) => line.startsWith('GET') || line.startsWith('HEAD'))).toEqual([])
    expect(session.sent.length).toBeLessThanOrEqual(12)
  })

  /** Pebble's dice: the states of so many orders for a name that was proved once. */
  async function statesOfRepeats(authzReusePercent: number, count: number): Promise<readonly string[]> {
    const { pebble, places } = await start({ authzReusePercent, nonceRejectPercent: 0 })
    const session = await open(pebble)
    const name = freshName()
    await issue(session, places, [name])
    const states: string[] = []
    for (let i = 0; i < count; i++) states.push((await placeOrder(session.client, session.account, { names: [name] })).status)
    expect((await issue(session, places, [name])).order.status).toBe('valid')
    return states
  }

  test('with none of the authorizations reused', async () => {
    // Pebble's dice let one in a hundred through at 0: five of ten would come by chance once in forty million runs.
    const pending = (await statesOfRepeats(0, 10)).filter((state) => state === 'pending')
    expect(pending.length).toBeGreaterThan(5)
  })

  test('with all authorizations reused', async () => {
    expect(await statesOfRepeats(100, 5)).toEqual(Array.from({ length: 5 }, () => 'ready'))
  })

  // All forty alike would come by chance once in 10¹¹ runs.
  test('with half of the authorizations reused, orders of both kinds are carried on with', async () => {
    expect(new Set(await statesOfRepeats(50, 40))).toEqual(new Set(['pending', 'ready']))
  })

  test.each([
    [0, 1],
    [1, 2],
    [2, 3],
  ])('with %i alternate roots and %i intermediates, each root can be had by name', async (alternateRoots, chainLength) => {
    const { pebble, places } = await start({ alternateRoots, chainLength })
    const session = await open(pebble)
    for (let i = 0; i <= alternateRoots; i++) {
      const root = parseCertificate(await pebble.rootPem(i))
      const { chainPem } = await issue(session, places, [freshName()], { preferredIssuer: root.commonName ?? '' })
      const chain = parseChain(chainPem)
      expect(chain).toHaveLength(chainLength + 1)
      expect(verifyChain(chain, { roots: [root] })).toEqual({ complete: true, problems: [] })
    }
    const { chainPem } = await issue(session, places, [freshName()], { preferredIssuer: 'No Such Root' })
    expect(verifyChain(parseChain(chainPem)).complete).toBe(true)
  })
})

describe('refusals', () => {
  test('a proof that is not there makes the order invalid, with the reason at its name', async () => {
    const { pebble } = await start()
    const { client, account } = await open(pebble)
    const order = await placeOrder(client, account, { names: [freshName()] })
    const [url = ''] = order.authorizationUrls
    const { challenges } = await readAuthorization(client, account, url)
    await answerChallenge(client, account, challenges.find(({ type }) => type === 'http-01')?.url ?? '')
    expect((await settle({ client, account }, order, ['pending'])).status).toBe('invalid')
    const failed = await readAuthorization(client, account, url)
    expect(failed.status).toBe('invalid')
    expect(failed.challenges.find(({ problem }) => problem)?.problem).toMatchObject({
      type: expect.stringMatching(/^(unauthorized|connection)$/),
    })
  })

  test('a request that names another set than the order is refused', async () => {
    const { pebble, places } = await start()
    const { client, account } = await open(pebble)
    const placed = await placeOrder(client, account, { names: [freshName()] })
    await prove({ client, account }, places, placed, 'http-01')
    const ready = await settle({ client, account }, placed, ['pending'])
    const csr = await createCsr({ key: await generateKey(), names: [freshName()] })
    await expect(finalizeOrder(client, account, ready, csr)).rejects.toMatchObject({
      name: 'AcmeProblem',
      // Pebble and RFC 8555 §7.4 do not agree on the type.
      type: expect.stringMatching(/^(badCSR|unauthorized)$/),
    })
  })

  test('an order that is valid is not finalized again, even when the caller believes it ready', async () => {
    const { pebble, places } = await start()
    const session = await open(pebble)
    const { order, chainPem } = await issue(session, places, [freshName()])
    const csr = await createCsr({ key: await generateKey(), names: order.names })
    const again = await finalizeOrder(session.client, session.account, { ...order, status: 'ready' }, csr)
    expect(again).toMatchObject({ status: 'valid', certificateUrl: order.certificateUrl })
    expect(chainPem).toContain('BEGIN CERTIFICATE')
  })

  test('a rejected name is named', async () => {
    const { pebble } = await start()
    const { client, account } = await open(pebble)
    const error: unknown = await placeOrder(client, account, { names: ['*.*.example.com'] }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AcmeProblem)
    expect(error).toMatchObject({ detail: expect.stringContaining('example.com') })
  })
})

describe('accounts', () => {
  test('registering a key again finds its account; finding makes none', async () => {
    const { pebble } = await start()
    const { client, account } = await open(pebble, { contacts: ['ops@example.com'] })
    expect((await registerAccount(client, account.key)).url).toBe(account.url)
    expect((await registerAccount(client, account.key, { onlyReturnExisting: true })).url).toBe(account.url)
    const stranger = loadAccountKey(await generateAccountJwk())
    await expect(registerAccount(client, stranger, { onlyReturnExisting: true })).rejects.toMatchObject({
      type: 'accountDoesNotExist',
    })
  })

  test('an external account binding is needed, checked, and enough', async () => {
    const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
    const { pebble, places } = await start({ eabKeys: { 'kid-1': hmacKey } })
    const { client, close } = clientFor(pebble)
    ended.push(close)
    expect((await client.directory()).externalAccountRequired).toBe(true)
    const register = async (keyId: string | null, hmac = hmacKey) =>
      registerAccount(client, loadAccountKey(await generateAccountJwk()), {
        externalAccountBinding: keyId === null ? null : { keyId, hmacKey: hmac },
      })
    await expect(register(null)).rejects.toMatchObject({ type: 'externalAccountRequired' })
    await expect(register('kid-2')).rejects.toMatchObject({ name: 'AcmeProblem', detail: expect.stringMatching(/\S/) })
    await expect(register('kid-1', 'AAAA')).rejects.toMatchObject({ name: 'AcmeProblem', detail: expect.stringMatching(/\S/) })
    const session = await open(pebble, { externalAccountBinding: { keyId: 'kid-1', hmacKey } })
    expect((await issue(session, places, [freshName()])).order.status).toBe('valid')
  })

  test('orders are listed over all pages', async () => {
    const { pebble } = await start({ ordersPerPage: 2 })
    const { client, account, sent } = await open(pebble)
    const placed: string[] = []
    for (let i = 0; i < 7; i++) placed.push((await placeOrder(client, account, { names: [freshName()] })).url)
    const ordersUrl = await findOrdersUrl(client, account)
    const listed: string[] = []
    for await (const url of listOrderUrls(client, account, ordersUrl ?? '')) listed.push(url)
    expect(listed.toSorted()).toEqual(placed.toSorted())
    expect(sent.filter((line) => line.includes('list-order')).length).toBeGreaterThanOrEqual(4)
    expect((await readOrder(client, account, placed[3] ?? '')).names).toEqual([`n${counter - 3}.example.com`])
  })
})

test('revocation, twice, is seen at the CA', async () => {
  const { pebble, places } = await start()
  const session = await open(pebble)
  const { chainPem } = await issue(session, places, [freshName()])
  const [leaf] = parseChain(chainPem)
  if (!leaf) throw new Error('no leaf')
  const serial = new X509Certificate(leaf.der).serialNumber
  expect(await pebble.certificateStatus(serial)).toBe('Valid')
  await revokeCertificate(session.client, session.account, { der: leaf.der, reason: 4 })
  await revokeCertificate(session.client, session.account, { der: leaf.der, reason: 4 })
  expect(await pebble.certificateStatus(serial)).toBe('Revoked')
})
