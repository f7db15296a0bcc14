import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiProblem } from '@evercert/contract/client'
import { addConsoleFiles, openConsolePage, type ConsoleEnv } from '../../src/http/console.ts'
import { authenticate } from '../../src/services/access/callers.ts'
import { watchCertificate, watchList } from '../../src/services/certificate-events.ts'
import { countListeners, MAX_LISTENERS, MAX_LISTENERS_OF_ONE } from '../../src/services/listening.ts'
import { aForeignCertificate, anAccount, anUpload, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { QUICK_LOOKS } from '../support/looks.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const BEGUN = { done: false, value: { changes: 0 } }
const CHANGED = { done: false, value: { changes: 1 } }
const LONGER_THAN_A_LOOK_MS = QUICK_LOOKS.listMs + 200

const HTML = { accept: 'text/html,application/xhtml+xml' }

describe('the files of the console', () => {
  let folder: string
  let app: Hono<ConsoleEnv>
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'evercert-console-'))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<meta name="csp-nonce" nonce="__CSP_NONCE__">')
    writeFileSync(join(folder, 'secret.js'), 'not an asset')
    writeFileSync(join(folder, 'assets', 'main-abc123.js'), 'plain')
    writeFileSync(join(folder, 'assets', 'main-abc123.js.br'), brotliCompressSync('compressed'))
    app = new Hono<ConsoleEnv>()
    addConsoleFiles(app, folder)
    app.notFound(async (context) => (await openConsolePage(context, folder)) ?? context.json({ code: 'notFound' }, 404))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('the root is a page for who takes anything, other places are for who asks for pages', async () => {
    const asked = async (path: string, accept: string) => (await app.request(path, { headers: { accept } })).status
    expect(await Promise.all([asked('/', '*/*'), asked('/', 'application/json'), asked('/orders', '*/*')])).toEqual([
      200, 404, 404,
    ])
  })

  test('an asset never changes, and comes compressed to those who take it', async () => {
    const plain = await app.request('/assets/main-abc123.js')
    expect(await plain.text()).toBe('plain')
    expect(plain.headers.get('cache-control')).toContain('immutable')
    expect(plain.headers.get('content-type')).toContain('text/javascript')
    const compressed = await app.request('/assets/main-abc123.js', { headers: { 'accept-encoding': 'gzip, br;q=1.0' } })
    expect(compressed.headers.get('content-encoding')).toBe('br')
    expect(compressed.headers.get('vary')).toBe('accept-encoding')
    expect(brotliDecompressSync(Buffer.from(await compressed.arrayBuffer())).toString()).toBe('compressed')
  })

  test.each(['/assets/none.js', '/assets/..%2Findex.html', '/assets/..%2Fsecret.js', '/assets/main-abc123.js.br', '/assets/'])(
    '%s is no asset, and never a page',
    async (path) => {
      const response = await app.request(path, { headers: HTML })
      expect(response.status).toBe(404)
    },
  )

  test('any other page is index.html with a nonce of its own', async () => {
    const nonces = await Promise.all(
      ['/', '/certificates/crt_1/renewal'].map(async (path) => {
        const response = await app.request(path, { headers: HTML })
        expect(response.status).toBe(200)
        expect(response.headers.get('cache-control')).toBe('no-cache')
        return /nonce="([^"]{20,})"/.exec(await response.text())?.[1]
      }),
    )
    expect(new Set(nonces).size).toBe(2)
    expect(nonces).not.toContain('__CSP_NONCE__')
  })

  test.each(['/api/v1/none', '/ca/none', '/callbacks/none', '/.well-known/none/x'])('%s belongs to programs', async (path) => {
    expect((await app.request(path, { headers: HTML })).status).toBe(404)
    expect((await app.request('/certificates')).status).toBe(404) // no browser asks so
    expect((await app.request('/certificates', { method: 'POST', headers: HTML })).status).toBe(404)
  })

  test('without a build, the service says so in plain words', async () => {
    const empty = new Hono<ConsoleEnv>()
    empty.notFound(async (context) => (await openConsolePage(context, join(folder, 'none'))) ?? context.text('', 404))
    const response = await empty.request('/', { headers: HTML })
    expect(response.status).toBe(503)
    expect(await response.text()).toMatch(/控制台尚未构建[\s\S]*npm run build/)
  })
})

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  test('the page and its policy allow no script but our own files', async () => {
    const response = await service.fetch('/', { headers: HTML })
    if (response.status === 503) return // not built: said in another test
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/script-src 'self';/)
    expect(policy).not.toContain('unsafe')
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none'
    expect(await response.text()).toContain(`nonce="${nonce}"`)
    const other = await service.fetch('/none')
    expect(other.headers.get('content-type')).toBe('application/problem+json')
    expect(other.headers.get('content-security-policy')).not.toContain('nonce')
  })

  test('events begin with the state of the moment, and tell each change once', async () => {
    const { id } = await anUpload(account, {
      name: 'live',
      leaf: aForeignCertificate(service, { names: ['live.test'], daysLeft: 90 }),
    })
    const events = await account.client.certificates.events({ id })
    const first = await events.next()
    expect(first.value).toMatchObject({ status: 'issued', renewalState: null })
    await account.client.certificates.tag({ id, add: ['seen'], remove: [] })
    const second = await events.next()
    expect(second.value).toMatchObject({ status: 'issued' })
    expect((second.value as { version: string }).version).not.toBe((first.value as { version: string }).version)
    await events.return?.()
  })

  test('of the list they say that it changed, and nothing of what; of another account’s nothing at all', async () => {
    const own = await anAccount(service)
    const narrow = await own.client.tokens.create({ name: 'narrow', scopes: ['certificates:read'], tags: ['none has it'] })
    const all = await own.client.certificates.changes({})
    const narrowed = await service.clientOf(narrow.token).certificates.changes({})
    expect([await all.next(), await narrowed.next()]).toEqual([BEGUN, BEGUN])
    const news = [all.next(), narrowed.next()]
    const settled = (): Promise<unknown> => Promise.race([...news, sleep(LONGER_THAN_A_LOOK_MS, 'nothing')])
    await anUpload(account, { name: 'of somebody else', daysLeft: 90 })
    expect(await settled()).toBe('nothing')
    for (const name of ['one', 'two', 'three']) await anUpload(own, { name: `uploaded ${name}`, daysLeft: 90 })
    expect(await Promise.all(news)).toEqual([CHANGED, CHANGED]) // several at once are one, or two
    await Promise.all([all.return?.(), narrowed.return?.()])
    // Who may not read certificates is not told that there are any.
    const other = await own.client.tokens.create({ name: 'other', scopes: ['targets:read'] })
    await expect(service.clientOf(other.token).certificates.changes({})).rejects.toMatchObject({ problem: { code: 'forbidden' } })
  })

  test('who listens to lists takes places of their own, of which no single caller gets all', async () => {
    const { services } = service
    const caller = await authenticate(services, account.token)
    const listen = (who: typeof caller) => watchList(services, who, { mayStill: () => Promise.resolve() })
    await expect.poll(() => countListeners(services), { timeout: 15_000 }).toBe(0)
    const mine = await Promise.all(Array.from({ length: MAX_LISTENERS_OF_ONE }, () => listen(caller)))
    await expect(listen(caller)).rejects.toMatchObject({ code: 'rateLimited' })
    const others = await Promise.all(
      Array.from({ length: MAX_LISTENERS.list - MAX_LISTENERS_OF_ONE }, (_, index) =>
        listen({ ...caller, userId: `usr_${Math.floor(index / MAX_LISTENERS_OF_ONE)}` }),
      ),
    )
    await expect(listen({ ...caller, userId: 'usr_late' })).rejects.toMatchObject({ code: 'rateLimited' })
    // Of certificates the places are all there.
    const leaf = aForeignCertificate(service, { names: ['beside.test'], daysLeft: 90 })
    const { id } = await anUpload(account, { name: 'beside the lists', leaf })
    const one = await watchCertificate(services, { ...caller, userId: 'usr_late' }, { id, mayStill: () => Promise.resolve() })
    for (const each of [...mine, ...others, one]) await each.return()
    expect(countListeners(services)).toBe(0)
  })

  test.each(['ended', 'untagged'] as const)('events tell nothing to a token that was %s since they began', async (how) => {
    const { id } = await anUpload(account, {
      name: `seen by a token ${how}`,
      leaf: aForeignCertificate(service, { names: [`${how}.test`], daysLeft: 90 }),
    })
    await account.client.certificates.tag({ id, add: [how], remove: [] })
    const made = await account.client.tokens.create({ name: how, scopes: ['certificates:read'], tags: [how] })
    const events = await service.clientOf(made.token).certificates.events({ id })
    expect((await events.next()).value).toMatchObject({ status: 'issued' })
    if (how === 'ended') await account.client.tokens.remove({ id: made.id })
    await account.client.certificates.tag({ id, add: ['news'], remove: how === 'untagged' ? [how] : [] })
    const told = await events.next().then(
      ({ value }) => value,
      (error: unknown) => error,
    )
    expect(told).not.toHaveProperty('version')
    expect(told).toBeInstanceOf(Error)
  })

  test('events of somebody else’s certificate are not found, and listeners are bounded, each caller and all together', async () => {
    const listeners = await Promise.all(
      Array.from({ length: MAX_LISTENERS.certificate / MAX_LISTENERS_OF_ONE + 1 }, async (_, number) => {
        const own = await anAccount(service)
        const leaf = aForeignCertificate(service, { names: [`listener-${number}.test`], daysLeft: 90 })
        return { own, id: (await anUpload(own, { name: 'listened to', leaf })).id }
      }),
    )
    const [one, late] = [listeners[0], listeners.at(-1)] as [(typeof listeners)[number], (typeof listeners)[number]]
    await expect(late.own.client.certificates.events({ id: one.id })).rejects.toMatchObject({ problem: { code: 'notFound' } })
    // Not by a signal: a request whose answer began may be collected, and its signal with it.
    const leaving: (() => Promise<unknown>)[] = []
    const listen = ({ own, id }: (typeof listeners)[number]) =>
      own.client.certificates.events({ id }).then(
        (events) => {
          leaving.push(() => Promise.resolve(events.return?.()))
          return 'listens'
        },
        (error: unknown) => (error instanceof ApiProblem ? error.problem.code : error),
      )
    const many = async (who: (typeof listeners)[number], count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => listen(who)))
      return [
        answers.filter((answer) => answer === 'listens').length,
        answers.filter((answer) => answer === 'rateLimited').length,
      ]
    }
    // Who listened in the tests before may be seen to have left only now.
    await expect.poll(() => countListeners(service.services), { timeout: 15_000 }).toBe(0)
    expect(await many(one, MAX_LISTENERS_OF_ONE + 9)).toEqual([MAX_LISTENERS_OF_ONE, 9]) // however many ask at once
    for (const other of listeners.slice(1, -1)) expect(await many(other, MAX_LISTENERS_OF_ONE)).toEqual([MAX_LISTENERS_OF_ONE, 0])
    expect(countListeners(service.services)).toBe(MAX_LISTENERS.certificate)
    expect(await listen(late)).toBe('rateLimited')
    await Promise.all(leaving.map((leave) => leave()))
    // Who leaves makes room.
    await expect.poll(() => countListeners(service.services), { timeout: 15_000 }).toBe(0)
    const events = await late.own.client.certificates.events({ id: late.id })
    await events.return?.()
  })

  test('who asks for events and never takes one, or is refused them, holds no place', async () => {
    const { services } = service
    const leaf = aForeignCertificate(service, { names: ['untaken.test'], daysLeft: 90 })
    const { id } = await anUpload(account, { name: 'untaken', leaf })
    await expect.poll(() => countListeners(services), { timeout: 15_000 }).toBe(0)
    const caller = await authenticate(services, account.token)
    const watch = (certificateId: string, signal?: AbortSignal) =>
      watchCertificate(services, caller, { id: certificateId, signal, mayStill: () => Promise.resolve() })
    await expect(watch('crt_none')).rejects.toMatchObject({ code: 'notFound' })
    expect(countListeners(services)).toBe(0)
    const gone = new AbortController()
    const untaken = await watch(id)
    await watch(id, gone.signal)
    expect(countListeners(services)).toBe(2)
    await untaken.return()
    expect(countListeners(services)).toBe(1)
    gone.abort()
    expect(countListeners(services)).toBe(0)
  })

  test('expiries are counted by day, soonest first, each account its own', async () => {
    const own = await anAccount(service)
    for (const [name, daysLeft] of [
      ['a', 40],
      ['b', 40],
      ['c', 10],
      ['d', 380],
    ] as const) {
      await anUpload(own, { name, leaf: aForeignCertificate(service, { names: [`${name}.test`], daysLeft }) })
    }
    const { items } = await own.client.certificates.expiries({})
    expect(items.map(({ count }) => count)).toEqual([1, 2])
    expect([...items].sort((one, other) => one.on.localeCompare(other.on))).toEqual(items)
    expect((await own.client.certificates.expiries({ days: 400 })).items).toHaveLength(3)
    expect((await (await anAccount(service)).client.certificates.expiries({})).items).toEqual([])
  })
})
