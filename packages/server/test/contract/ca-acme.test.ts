/** The CA contract, run over the ACME adapter with Debian's Pebble behind it. */
import { randomUUID, X509Certificate } from 'node:crypto'
import { createServer } from 'node:https'
import { ariCertId, createCsr, generateKey, parseChain } from '@evercert/pki'
import { afterEach, describe, expect, test } from 'vitest'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { canStartCaddy, startCaddy } from '../../../../test/harness/caddy.ts'
import { startChallengeServer } from '../../../../test/harness/challenge-server.ts'
import { startPebble } from '../../../../test/harness/pebble.ts'
import type { Pebble, PebbleOptions } from '../../../../test/harness/pebble.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { acme } from '../../src/adapters/ca/acme/acme.ts'
import { createGuardedFetch } from '../../src/adapters/kit/guarded-fetch.ts'
import { createResolver } from '../../src/adapters/kit/resolver.ts'
import { AppError } from '../../src/domain/errors.ts'
import type { Ca, CaOrder, CaOrderRequest } from '../../src/ports/ca.ts'
import type { AdapterKit, BuiltinCaStore, GuardedFetch } from '../../src/ports/kit.ts'
import { caContract } from './ca-contract.ts'
import type { CaHarness } from './ca-contract.ts'

interface Kit extends AdapterKit {
  readonly sent: () => number
  readonly close: () => Promise<void>
}

/** The ACME adapter has no use for the built-in CA's memory. */
const noStore = {} as BuiltinCaStore

function createKit(): Kit {
  const resolver = createResolver({ servers: null })
  const fetch = createGuardedFetch({ allow: ['127.0.0.0/8', '::1/128'], resolver })
  let sent = 0
  return {
    fetch: (url, request) => {
      sent++
      return fetch(url, request)
    },
    resolver,
    now: Date.now,
    guardAddress: () => null,
    builtinCaStore: noStore,
    sent: () => sent,
    close: () => fetch.close(),
  }
}

/** A CA that refuses every order with 429, as Let's Encrypt does; reached in place of Pebble's newOrder. */
async function startLimitedCa(): Promise<{ url: string; caPem: string; stop: () => Promise<void> }> {
  const api = createRoot().issue()
  const port = await freePort()
  const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many new orders recently' }
  const server = createServer({ cert: api.chainPem, key: api.privateKeyPem }, (request, response) => {
    request.resume().once('end', () => {
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '90' }).end(JSON.stringify(problem))
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${port}/limited`,
    caPem: api.rootPem,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function createPebbleHarness(options: PebbleOptions): Promise<CaHarness> {
  const pebble = await startPebble(options)
  const files = await startChallengeServer(pebble.httpPort)
  const limited = await startLimitedCa()
  const kit = createKit()
  const settings = { directoryUrl: pebble.directoryUrl, caPem: pebble.caPem, fileValidationHttpPort: pebble.httpPort }
  const adapter = (fetch: GuardedFetch): Ca => acme.create(acme.config.parse(settings), { ...kit, fetch })
  return {
    ca: adapter(kit.fetch),
    now: Date.now,
    rootsPem: async () => [await pebble.rootPem()],
    freshName: () => `${randomUUID()}.example.com`,
    refusedName: 'under_score.example.com',
    publish: async ({ method, location, content }) =>
      method === 'file' ? files.put(location, content) : pebble.dns.addTxt(location, content),
    unpublish: async ({ method, location }) => (method === 'file' ? files.remove(location) : pebble.dns.clearTxt(location)),
    requestsSent: kit.sent,
    failedProofMayBeRepeated: () => false,
    isRevoked: async (der) => (await pebble.certificateStatus(new X509Certificate(der).serialNumber)) === 'Revoked',
    outage: async () => {
      const nobody = `https://127.0.0.1:${await freePort()}`
      return adapter((url, request) => kit.fetch(nobody + new URL(url).pathname, request))
    },
    rateLimited: async () =>
      adapter((url, request) =>
        url.includes('order-plz') ? kit.fetch(limited.url, { ...request, caPem: limited.caPem }) : kit.fetch(url, request),
      ),
    close: async () => {
      await kit.close()
      await Promise.all([limited.stop(), files.stop(), pebble.stop()])
    },
  }
}

/** Other habits than Pebble's: it validates on port 80 alone, looks again for most proofs that failed, and tells nobody what it revoked. */
async function createCaddyHarness(): Promise<CaHarness> {
  const caddy = await startCaddy()
  const limited = await startLimitedCa()
  const kit = createKit()
  const settings = { directoryUrl: caddy.directoryUrl, caPem: caddy.caPem }
  const adapter = (fetch: GuardedFetch): Ca => acme.create(acme.config.parse(settings), { ...kit, fetch })
  return {
    ca: adapter(kit.fetch),
    now: Date.now,
    rootsPem: async () => [await caddy.rootPem()],
    freshName: () => `${randomUUID()}.example.com`,
    refusedName: null,
    publish: async ({ method, location, content }) =>
      method === 'file' ? caddy.files.put(location, content) : caddy.dns.addTxt(location, content),
    unpublish: async ({ method, location }) => (method === 'file' ? caddy.files.remove(location) : caddy.dns.clearTxt(location)),
    requestsSent: kit.sent,
    failedProofMayBeRepeated: (method, fault) => method === 'dns' || fault === 'missing',
    isRevoked: null,
    outage: async () => {
      const nobody = `https://127.0.0.1:${await freePort()}`
      return adapter((url, request) => kit.fetch(nobody + new URL(url).pathname, request))
    },
    rateLimited: async () =>
      adapter((url, request) =>
        url.endsWith('/new-order') ? kit.fetch(limited.url, { ...request, caPem: limited.caPem }) : kit.fetch(url, request),
      ),
    close: async () => {
      await kit.close()
      await Promise.all([limited.stop(), caddy.stop()])
    },
  }
}

if (canStartCaddy()) caContract('acme, Caddy', createCaddyHarness)
caContract('acme, Pebble', () => createPebbleHarness({ authzReusePercent: 0 }))
caContract('acme, Pebble that refuses most nonces', () =>
  createPebbleHarness({ authzReusePercent: 100, nonceRejectPercent: 60, chainLength: 2 }),
)

describe('acme, what only this adapter does', () => {
  const ended: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ended.splice(0).toReversed()) await end()
  })

  interface Stage {
    readonly pebble: Pebble
    readonly paths: string[]
    readonly create: (settings?: object) => Ca
  }

  async function start(options: PebbleOptions = {}): Promise<Stage> {
    const pebble = await startPebble({ alwaysValid: true, nonceRejectPercent: 0, ...options })
    const kit = createKit()
    ended.push(() => pebble.stop(), kit.close)
    const paths: string[] = []
    const fetch: GuardedFetch = (url, request) => {
      paths.push(new URL(url).pathname.split('/')[1] ?? '')
      return kit.fetch(url, request)
    }
    const { directoryUrl, caPem } = pebble
    return {
      pebble,
      paths,
      create: (settings = {}) => acme.create(acme.config.parse({ directoryUrl, caPem, ...settings }), { ...kit, fetch }),
    }
  }

  const request = (names: readonly string[], more: Partial<CaOrderRequest> = {}): CaOrderRequest => ({
    reference: randomUUID(),
    identifiers: names,
    method: 'file',
    notAfter: Date.now() + 30 * 86_400_000,
    mayExist: false,
    firstAttemptAt: Date.now(),
    ...more,
  })

  async function issue(ca: Ca, account: string, names: readonly string[]): Promise<CaOrder> {
    let order = await ca.placeOrder(account, request(names))
    const { ref } = order
    if (order.state === 'pending') for (const challenge of order.challenges) await ca.answerChallenge(account, challenge.ref)
    while (order.state === 'pending') order = await ca.readOrder(account, { ref, method: 'file' })
    const csrDer = await createCsr({ key: await generateKey(), names })
    order = await ca.finalizeOrder(account, { ref, method: 'file', csrDer })
    while (order.state === 'processing') order = await ca.readOrder(account, { ref, method: 'file' })
    return order
  }

  const codeFrom = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'none',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    )

  test('a renewal whose authorizations are reused is ready at once and takes four requests, polls of the order apart', async () => {
    const { create, paths } = await start({ authzReusePercent: 100 })
    const ca = create()
    const account = await ca.openAccount(await ca.createAccount())
    await issue(ca, account, ['a.example.com'])
    paths.length = 0
    expect((await issue(ca, account, ['a.example.com'])).state).toBe('issued')
    expect(paths.filter((path, at) => path !== 'my-order' || paths[at - 1] !== path)).toEqual([
      'order-plz',
      'finalize-order',
      'my-order',
      'certZ',
    ])
  })

  test('the directory and a nonce are fetched once', async () => {
    const { create, paths } = await start({ authzReusePercent: 0 })
    const ca = create()
    const account = await ca.openAccount(await ca.createAccount())
    for (let i = 0; i < 3; i++) await issue(ca, account, [`n${i}.example.com`])
    expect(paths.filter((path) => path === 'dir')).toHaveLength(1)
    expect(paths.filter((path) => path === 'nonce-plz')).toHaveLength(1)
  })

  /** Pebble with renewal information, which Debian's has not: what it would answer, and what is ordered, comes by here. */
  async function startInforming() {
    const stage = await start({ authzReusePercent: 100 })
    const replaced: unknown[] = []
    const asked: string[] = []
    const script = { isReplaced: false }
    const kit = createKit()
    ended.push(kit.close)
    const answer = (status: number, body: object) => ({
      status,
      headers: { 'retry-after': '3600', 'content-type': 'application/problem+json' },
      body: Buffer.from(JSON.stringify(body)),
      address: '127.0.0.1',
    })
    const fetch: GuardedFetch = async (url, sent) => {
      const { pathname, origin } = new URL(url)
      if (pathname.startsWith('/renewal-info/')) {
        asked.push(pathname.slice('/renewal-info/'.length))
        return answer(200, { suggestedWindow: { start: '2027-01-01T00:00:00Z', end: '2027-01-02T00:00:00Z' } })
      }
      if (pathname.startsWith('/order-plz')) {
        const { payload } = JSON.parse(String(sent?.body)) as { payload: string }
        const order = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { replaces?: string }
        replaced.push(order.replaces ?? null)
        if (script.isReplaced && order.replaces !== undefined)
          return answer(409, { type: 'urn:ietf:params:acme:error:alreadyReplaced', detail: 'It was replaced.' })
      }
      const response = await kit.fetch(url, sent)
      if (pathname !== '/dir') return response
      const directory = {
        ...(JSON.parse(Buffer.from(response.body).toString()) as object),
        renewalInfo: `${origin}/renewal-info`,
      }
      return { ...response, body: Buffer.from(JSON.stringify(directory)) }
    }
    const { directoryUrl, caPem } = stage.pebble
    const ca = acme.create(acme.config.parse({ directoryUrl, caPem }), { ...kit, fetch })
    return { ca, stage, replaced, asked, script }
  }

  test('renewal information: asked by the id of the leaf; an order says what it replaces, and is placed all the same when that is taken', async () => {
    const { ca, stage, replaced, asked, script } = await startInforming()
    const account = await ca.openAccount(await ca.createAccount())
    const issued = await issue(ca, account, ['a.example.com'])
    const [leaf] = parseChain(issued.state === 'issued' ? issued.chainPem : '')
    if (leaf === undefined) throw new Error('nothing was issued')
    const id = ariCertId(leaf)
    expect(await ca.renewalInfo?.(leaf.der)).toEqual({
      startsAt: Date.UTC(2027, 0, 1),
      endsAt: Date.UTC(2027, 0, 2),
      explanationUrl: null,
      retryAfterSeconds: 3600,
    })
    expect(asked).toEqual([id])
    const replaces = () => Promise.resolve(leaf.der)
    for (script.isReplaced of [false, true])
      expect((await ca.placeOrder(account, request(['a.example.com'], { replaces }))).ref).toContain('https://')
    expect(replaced).toEqual([null, id, id, null])
    // A CA that gives none is neither asked nor told.
    const plain = stage.create()
    const other = await plain.openAccount(await plain.createAccount())
    expect(await plain.renewalInfo?.(leaf.der)).toBeNull()
    await plain.placeOrder(other, request(['b.example.com'], { replaces: () => Promise.reject(new Error('nobody asks')) }))
  })

  test('after a crash an order whose answer was lost is found, and an order of another time is not taken', async () => {
    const { create, paths } = await start({ authzReusePercent: 0 })
    const before = create()
    const account = await before.openAccount(await before.createAccount())
    for (let i = 0; i < 5; i++) await before.placeOrder(account, request([`n${i}.example.com`]))
    const wanted = request(['n2.example.com', 'm2.example.com'])
    const { ref } = await before.placeOrder(account, wanted)
    const again = { ...wanted, identifiers: wanted.identifiers.toReversed(), mayExist: true }
    expect((await create().placeOrder(account, again)).ref).toBe(ref)
    expect(paths.filter((path) => path === 'order-plz')).toHaveLength(6)
    // This instance has seen how long the CA's orders live, and so when that one was made.
    const later = { ...again, firstAttemptAt: Date.now() + 60_000 }
    expect((await before.placeOrder(account, later)).ref).not.toBe(ref)
  })

  test('an external account binding that lacks, is wrong or right', async () => {
    const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
    const { create } = await start({ eabKeys: { 'kid-1': hmacKey } })
    const open = async (eab?: object): Promise<string> => {
      const ca = create({ ...(eab && { eab }) })
      return codeFrom(ca.openAccount(await ca.createAccount()))
    }
    expect(await open()).toBe('misconfigured')
    expect(await open({ keyId: 'kid-1', hmacKey: 'AAAA' })).toBe('credentialsRejected')
    expect(await open({ keyId: 'kid-9', hmacKey })).toBe('credentialsRejected')
    expect(await open({ keyId: 'kid-1', hmacKey })).toBe('none')
  })

  test('an account that is not open, not of this CA or not readable is caAccountInvalid', async () => {
    const { create } = await start()
    const ca = create()
    const created = await ca.createAccount()
    const opened = JSON.parse(await ca.openAccount(created)) as Record<string, unknown>
    const elsewhere = JSON.stringify({ ...opened, directoryUrl: 'https://other.example/dir' })
    const lost = JSON.stringify({ ...opened, url: `${String(opened['url'])}0` })
    for (const account of [created, elsewhere, lost, 'junk', '{}']) {
      expect(await codeFrom(ca.placeOrder(account, request(['a.example.com'])))).toBe('caAccountInvalid')
    }
  })

  test('a URL that leads to no ACME directory is misconfigured', async () => {
    const { create, pebble } = await start()
    for (const directoryUrl of [`${pebble.managementUrl}/roots/0`, pebble.directoryUrl.replace('/dir', '/nothing')]) {
      const ca = create({ directoryUrl })
      expect(await codeFrom(ca.openAccount(await ca.createAccount()))).toBe('misconfigured')
    }
  })

  test('settings: https only, PEM roots, defaults', () => {
    const parsed = acme.config.parse({ directoryUrl: 'https://ca.example/dir' })
    expect(parsed).toMatchObject({ contacts: [], fileValidationHttpPort: 80, validityRule: 'public', honoursNotAfter: false })
    expect(acme.config.safeParse({ directoryUrl: 'http://ca.example/dir' }).success).toBe(false)
    expect(acme.config.safeParse({ directoryUrl: 'https://ca.example/dir', caPem: 'x' }).success).toBe(false)
  })
})
