import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCsr, generateKey } from '@evercert/pki'
import { describe, expect, test } from 'vitest'
import { authorityCertificates, builtin, createCrl } from '../../../src/adapters/ca/index.ts'
import { createdAtOf } from '../../../src/adapters/ca/builtin/orders.ts'
import { AppError } from '../../../src/domain/errors.ts'
import { formatId } from '../../../src/domain/id.ts'
import type { Ca, CaChallenge, CaOrder, CaOrderRequest } from '../../../src/ports/ca.ts'
import type { AdapterKit, BuiltinCaStore, GuardedRequest } from '../../../src/ports/kit.ts'
import { createMemoryCaStore } from '../memory-ca-store.ts'

const ACCOUNT = 'builtin:test'
const DAY_MS = 86_400_000
const START = Date.UTC(2026, 10, 23, 10, 20, 30, 456)

interface Bench {
  readonly ca: Ca
  readonly store: BuiltinCaStore
  /** URL → body, or [status, body]. What is not there is refused. */
  readonly web: Map<string, string | readonly [number, string]>
  readonly txt: Map<string, readonly string[]>
  readonly fetched: { readonly url: string; readonly request: GuardedRequest }[]
  /** The time; tests move it. */
  clock: number
}

function createBench(settings: Record<string, unknown> = {}, store: BuiltinCaStore = createMemoryCaStore()): Bench {
  const bench: Omit<Bench, 'ca'> = { store, web: new Map(), txt: new Map(), fetched: [], clock: START }
  const kit: AdapterKit = {
    now: () => bench.clock,
    guardAddress: () => null,
    builtinCaStore: store,
    fetch: async (url, request = {}) => {
      bench.fetched.push({ url, request })
      const answer = bench.web.get(url)
      if (answer === undefined) throw new AppError('upstreamUnavailable', `Fetching ${url}: ECONNREFUSED: check that it is up`)
      const [status, body] = typeof answer === 'string' ? [200, answer] : answer
      return { status, headers: {}, body: Buffer.from(body), address: '192.0.2.1' }
    },
    resolver: { resolveAddresses: async () => [], resolveTxt: async (name) => bench.txt.get(name) ?? [] },
  }
  const config = builtin.config.parse({
    authorityId: 'a',
    validityRule: 'public',
    publicUrl: 'https://ca.example.test/',
    ...settings,
  })
  return Object.assign(bench, { ca: builtin.create(config, kit) })
}

let references = 0
function request(identifiers: readonly string[], more: Partial<CaOrderRequest> = {}): CaOrderRequest {
  references += 1
  const reference = `r-${references}`
  return {
    reference,
    identifiers,
    method: 'dns',
    notAfter: START + 10 * 365 * DAY_MS,
    mayExist: false,
    firstAttemptAt: START,
    ...more,
  }
}

function challengesOf(order: CaOrder): readonly CaChallenge[] {
  if (order.state !== 'pending') throw new Error(`the order is ${order.state}`)
  return order.challenges
}

function read({ ca }: Bench, ref: string): Promise<CaOrder> {
  return ca.readOrder(ACCOUNT, { ref, method: 'dns' })
}

async function prove(bench: Bench, order: CaOrder): Promise<void> {
  for (const { location, content, ref } of challengesOf(order)) {
    bench.txt.set(location, [...(bench.txt.get(location) ?? []), content])
    await bench.ca.answerChallenge(ACCOUNT, ref)
  }
}

async function csrFor(names: readonly string[]): Promise<Uint8Array> {
  return createCsr({ key: await generateKey(), names })
}

async function issue(bench: Bench, wanted: CaOrderRequest): Promise<X509Certificate> {
  const order = await bench.ca.placeOrder(ACCOUNT, wanted)
  await prove(bench, order)
  return finalize(bench, order.ref, await csrFor(wanted.identifiers))
}

async function finalize({ ca }: Bench, ref: string, csrDer: Uint8Array): Promise<X509Certificate> {
  const issued = await ca.finalizeOrder(ACCOUNT, { ref, method: 'dns', csrDer })
  if (issued.state !== 'issued') throw new Error(`the order is ${issued.state}`)
  return new X509Certificate(issued.chainPem)
}

function withFile<Value>(content: string | Uint8Array, use: (path: string) => Value): Value {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-ca-'))
  try {
    writeFileSync(join(folder, 'file'), content)
    return use(join(folder, 'file'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function opensslText(certificate: X509Certificate): string {
  return withFile(certificate.toString(), (path) =>
    execFileSync('openssl', ['x509', '-noout', '-text', '-in', path], { encoding: 'utf8' }),
  )
}

describe('built-in CA: validity', () => {
  test.each([
    ['2026-03-14T23:59:59Z', 397],
    ['2026-03-15T00:00:00Z', 199],
    ['2026-11-23T10:20:30Z', 199],
    ['2027-03-15T00:00:00Z', 99],
    ['2029-03-15T00:00:00Z', 46],
  ])('public, issued %s: %i days, both ends included', async (issuedAt, days) => {
    const bench = createBench()
    bench.clock = Date.parse(issuedAt)
    const leaf = await issue(bench, request(['a.example.test']))
    expect(leaf.validFromDate.getTime()).toBe(bench.clock)
    expect(leaf.validToDate.getTime()).toBe(bench.clock + days * DAY_MS - 1000)
  })

  test('what is asked is given when it is below the cap, in whole seconds', async () => {
    const leaf = await issue(createBench(), request(['a.example.test'], { notAfter: START + 30 * DAY_MS }))
    expect(leaf.validToDate.getTime()).toBe(Math.floor((START + 30 * DAY_MS) / 1000) * 1000)
    expect(leaf.validFromDate.getTime()).toBe(Math.floor(START / 1000) * 1000)
  })

  test('private: no cap but its own', async () => {
    const asked = Date.UTC(2027, 11, 10, 1, 2, 3)
    expect(
      (await issue(createBench({ validityRule: 'private' }), request(['a.test'], { notAfter: asked }))).validToDate.getTime(),
    ).toBe(asked)
    const capped = await issue(createBench({ validityRule: 'private', maxDays: 10 }), request(['a.test']))
    expect(capped.validToDate.getTime()).toBe(Math.floor(START / 1000) * 1000 + 10 * DAY_MS - 1000)
  })

  test('a leaf never outlives its issuer', async () => {
    const bench = createBench({ validityRule: 'private' })
    await issue(bench, request(['first.test']))
    bench.clock = START + 9 * 365 * DAY_MS
    const leaf = await issue(bench, request(['late.test'], { notAfter: START + 30 * 365 * DAY_MS }))
    const { intermediatePem } = await authorityCertificates(bench.store, 'a')
    expect(leaf.validTo).toBe(new X509Certificate(intermediatePem).validTo)
  })

  test('a time that is over is refused', async () => {
    await expect(issue(createBench(), request(['a.test'], { notAfter: START - 1000 }))).rejects.toMatchObject({
      code: 'caRejected',
    })
  })
})

describe('built-in CA: profile', () => {
  test('a leaf has what BR 7.1.2.7 asks', async () => {
    const text = opensslText(await issue(createBench(), request(['www.example.test', '*.example.test'])))
    expect(text).toContain('Subject: CN = www.example.test')
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/)
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/)
    expect(text).toMatch(/Extended Key Usage: \s+TLS Web Server Authentication\n/)
    expect(text).toMatch(/Subject Alternative Name: \s+DNS:www\.example\.test, DNS:\*\.example\.test/)
    expect(text).toMatch(/CA Issuers - URI:https:\/\/ca\.example\.test\/ca\/a\.crt/)
    expect(text).toMatch(/URI:https:\/\/ca\.example\.test\/ca\/a\.crl/)
    expect(text).toMatch(/Policy: 2\.23\.140\.1\.2\.1/)
    expect(text).toMatch(/Subject Key Identifier/)
    expect(text).toMatch(/Authority Key Identifier/)
    expect(text).toMatch(/Signature Algorithm: ecdsa-with-SHA256/)
  })

  test('a first name beyond 64 characters leaves the subject empty and makes the names critical', async () => {
    const long = `${'a'.repeat(63)}.example.test`
    const text = opensslText(await issue(createBench(), request([long])))
    expect(text).toMatch(/Subject: *\n/)
    expect(text).toMatch(/Subject Alternative Name: critical/)
  })

  const organisation = {
    organisation: '示例 GmbH & Co. KG',
    country: 'DE',
    region: 'Hessen',
    city: 'Köln',
    registration: null,
  } as const

  test('OV: the organisation before the name, and the policy that says so', async () => {
    const subject = { ...organisation, certificateType: 'OV' } as const
    const certificate = await issue(createBench(), request(['www.example.test'], { subject }))
    expect(certificate.subject).toBe('C=DE\nST=Hessen\nL=Köln\nO=示例 GmbH & Co. KG\nCN=www.example.test')
    expect(opensslText(certificate)).toMatch(/Policy: 2\.23\.140\.1\.2\.2\n/)
  })

  test('EV: the registration besides; a first name that is too long leaves the organisation', async () => {
    const registration = { number: 'HRB 1234', businessCategory: 'Private Organization', country: 'DE' }
    const subject = { ...organisation, certificateType: 'EV', registration } as const
    const certificate = await issue(createBench(), request([`${'a'.repeat(63)}.example.test`], { subject }))
    expect(certificate.subject.split('\n').slice(0, 3)).toEqual([
      'businessCategory=Private Organization',
      'jurisdictionC=DE',
      'serialNumber=HRB 1234',
    ])
    expect(certificate.subject).not.toContain('CN=')
    const text = opensslText(certificate)
    expect(text).toMatch(/Policy: 2\.23\.140\.1\.1\n/)
    expect(text).not.toMatch(/Subject Alternative Name: critical/)
  })

  test.each([
    ['OV', '2.23.140.1.2.2'],
    ['EV', '2.23.140.1.1'],
  ] as const)('the chain of %s is valid for its policy and for no other', async (certificateType, policy) => {
    const bench = createBench()
    const leaf = await issue(bench, request(['www.example.test'], { subject: { ...organisation, certificateType } }))
    const { rootPem, intermediatePem } = await authorityCertificates(bench.store, 'a')
    const verify = (wanted: string): boolean =>
      withFile(rootPem, (root) =>
        withFile(intermediatePem, (intermediate) =>
          withFile(leaf.toString(), (file) => {
            const flags = ['-x509_strict', '-attime', String(Math.ceil(START / 1000) + 60), '-policy', wanted, '-explicit_policy']
            const { status } = spawnSync('openssl', ['verify', ...flags, '-CAfile', root, '-untrusted', intermediate, file])
            return status === 0
          }),
        ),
      )
    expect([verify(policy), verify('2.23.140.1.2.1')]).toEqual([true, false])
  })

  test('serials are positive, of 127 bits, and never the same', async () => {
    const bench = createBench()
    const serials = new Set<string>()
    for (let count = 0; count < 50; count++) serials.add((await issue(bench, request([`s${count}.test`]))).serialNumber)
    expect(serials.size).toBe(50)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('root: P-384, 20 years; intermediate: P-256, 10 years, no CA below', async () => {
    const bench = createBench({ organisation: 'Müller & Söhne' })
    await issue(bench, request(['a.test']))
    const { rootPem, intermediatePem, intermediateDer } = await authorityCertificates(bench.store, 'a')
    const [root, intermediate] = [new X509Certificate(rootPem), new X509Certificate(intermediatePem)]
    expect(root.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1')
    expect(intermediate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect([root.validToDate.getUTCFullYear(), intermediate.validToDate.getUTCFullYear()]).toEqual([2046, 2036])
    expect(root.subject).toContain('O=Müller & Söhne')
    expect(root.verify(root.publicKey)).toBe(true)
    expect(intermediate.verify(root.publicKey)).toBe(true)
    expect(intermediate.checkIssued(root)).toBe(true)
    expect(opensslText(intermediate)).toMatch(/CA:TRUE, pathlen:0/)
    expect(opensslText(root)).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/)
    expect(Buffer.from(intermediateDer).equals(intermediate.raw)).toBe(true)
  })

  test('an authority is made once, whoever comes first, and two have different names', async () => {
    const store = createMemoryCaStore()
    const benches = [createBench({}, store), createBench({}, store)] as const
    const leaves = await Promise.all([issue(benches[0], request(['a.test'])), issue(benches[1], request(['b.test']))])
    const other = createBench({ authorityId: 'b' }, store)
    expect(leaves[0].issuer).toBe(leaves[1].issuer)
    expect((await issue(other, request(['c.test']))).issuer).not.toBe(leaves[0].issuer)
  })
})

describe('built-in CA: validation', () => {
  const place = async (bench: Bench, names: readonly string[]) =>
    challengesOf(await bench.ca.placeOrder(ACCOUNT, request(names, { method: 'file' })))
  const orderRef = (challenge: CaChallenge) => challenge.ref.slice(0, challenge.ref.indexOf('.'))

  test('a file is looked for by https first, then by http, each name at its own host', async () => {
    const bench = createBench()
    const [first, second] = await place(bench, ['a.test', 'b.test'])
    bench.web.set('https://a.test/.well-known/pki-validation/fileauth.txt', first!.content)
    bench.web.set('http://b.test/.well-known/pki-validation/fileauth.txt', second!.content)
    await bench.ca.answerChallenge(ACCOUNT, first!.ref)
    await bench.ca.answerChallenge(ACCOUNT, second!.ref)
    expect(bench.fetched.map(({ url }) => new URL(url).origin)).toEqual(['https://a.test', 'https://b.test', 'http://b.test'])
    expect(bench.fetched[0]?.request).toMatchObject({ maxRedirects: 1, ignoreCertificate: true })
    expect((await read(bench, orderRef(first!))).state).toBe('ready')
  })

  test('the ports are those of the settings, and https may be left out', async () => {
    const bench = createBench({ fileValidationPorts: { http: 5080, https: null } })
    const [challenge] = await place(bench, ['a.test'])
    await bench.ca.answerChallenge(ACCOUNT, challenge!.ref)
    expect(bench.fetched.map(({ url }) => url)).toEqual(['http://a.test:5080/.well-known/pki-validation/fileauth.txt'])
  })

  test.each([
    ['a space before it', (content: string) => ` ${content}`],
    ['another token', () => 'x'.repeat(32)],
    ['nothing', () => ''],
    ['an error page', () => [404, '<html>'] as const],
    ['the token in an error page', (content: string) => [403, content] as const],
  ])('a file with %s is no proof, and the problem says what was found', async (_what, answer) => {
    const bench = createBench()
    const [challenge] = await place(bench, ['a.test'])
    bench.web.set('http://a.test/.well-known/pki-validation/fileauth.txt', answer(challenge!.content))
    await bench.ca.answerChallenge(ACCOUNT, challenge!.ref)
    const [after] = challengesOf(await read(bench, orderRef(challenge!)))
    expect(after).toMatchObject({ state: 'pending', problem: expect.stringContaining('http://a.test/') })
  })

  test('a line end after the token does not count, as editors and echo add one (RFC 8555 §8.3)', async () => {
    const bench = createBench()
    const [challenge] = await place(bench, ['a.test'])
    bench.web.set('http://a.test/.well-known/pki-validation/fileauth.txt', `${challenge!.content}\r\n`)
    await bench.ca.answerChallenge(ACCOUNT, challenge!.ref)
    expect((await read(bench, orderRef(challenge!))).state).toBe('ready')
  })

  test("another name's token is no proof", async () => {
    const bench = createBench()
    const [first, second] = await place(bench, ['a.test', 'b.test'])
    bench.web.set('https://a.test/.well-known/pki-validation/fileauth.txt', second!.content)
    await bench.ca.answerChallenge(ACCOUNT, first!.ref)
    expect(challengesOf(await read(bench, orderRef(first!)))[0]).toMatchObject({ state: 'pending' })
  })

  test('tokens are long and differ', async () => {
    const contents = (await place(createBench(), ['a.test', 'b.test', '*.b.test'])).map(({ content }) => content)
    expect(new Set(contents).size).toBe(3)
    for (const content of contents) expect(content).toMatch(/^[\w-]{32}$/)
  })

  test('what a hostile host sends is shown short and printable', async () => {
    const bench = createBench()
    const [challenge] = await place(bench, ['a.test'])
    bench.web.set('https://a.test/.well-known/pki-validation/fileauth.txt', `\u001b[2J<script>\r\n${'A'.repeat(4000)}`)
    await bench.ca.answerChallenge(ACCOUNT, challenge!.ref)
    const problem = challengesOf(await read(bench, orderRef(challenge!)))[0]?.problem ?? ''
    expect(problem).toMatch(/^[\x20-\x7e…]*$/)
    expect(problem.length).toBeLessThan(500)
  })

  test('after 20 tries for a name the order is refused', async () => {
    const bench = createBench()
    const [challenge] = await place(bench, ['a.test'])
    for (let turn = 0; turn < 19; turn++) await bench.ca.answerChallenge(ACCOUNT, challenge!.ref)
    expect((await read(bench, orderRef(challenge!))).state).toBe('pending')
    await bench.ca.answerChallenge(ACCOUNT, challenge!.ref)
    const refused = await read(bench, orderRef(challenge!))
    expect(refused).toMatchObject({ state: 'refused', code: 'validationFailed', detail: expect.stringContaining('20 tries') })
    const looks = bench.fetched.length
    await bench.ca.answerChallenge(ACCOUNT, challenge!.ref)
    expect(bench.fetched).toHaveLength(looks)
  })

  test('a token lives three days', async () => {
    const bench = createBench()
    const order = await bench.ca.placeOrder(ACCOUNT, request(['a.test']))
    bench.clock = START + 3 * DAY_MS
    expect((await read(bench, order.ref)).state).toBe('pending')
    bench.clock += 1
    expect(await read(bench, order.ref)).toMatchObject({ state: 'refused', code: 'validationFailed' })
    await prove(bench, order)
    expect((await read(bench, order.ref)).state).toBe('refused')
  })

  test('a proof is used within the reuse of its day (BR 4.2.1) and not after', async () => {
    const bench = createBench()
    const order = await bench.ca.placeOrder(ACCOUNT, request(['a.test']))
    await prove(bench, order)
    bench.clock = Date.UTC(2027, 2, 15)
    expect((await read(bench, order.ref)).state).toBe('refused') // 112 days old, and since that day 100 are allowed
    const csrDer = await csrFor(['a.test'])
    expect((await bench.ca.finalizeOrder(ACCOUNT, { ref: order.ref, method: 'dns', csrDer })).state).toBe('refused')
  })

  test('answers for many names at once are all kept', async () => {
    const bench = createBench()
    const names = Array.from({ length: 15 }, (_, index) => `n${index}.test`)
    const order = await bench.ca.placeOrder(ACCOUNT, request(names))
    for (const { location, content } of challengesOf(order)) bench.txt.set(location, [content])
    await Promise.all(challengesOf(order).map(({ ref }) => bench.ca.answerChallenge(ACCOUNT, ref)))
    expect((await read(bench, order.ref)).state).toBe('ready')
  })
})

describe('built-in CA: orders', () => {
  test.each([
    '',
    'a..test',
    '-a.test',
    'a-.test',
    'a_b.test',
    'exa mple.test',
    '1.2.3.4',
    '::1',
    '*.*.test',
    'a.*.test',
    '*',
    'é.test',
    `${'a'.repeat(64)}.test`,
    'x.'.repeat(127) + 'test',
  ])('the name %j is refused', async (name) => {
    await expect(createBench().ca.placeOrder(ACCOUNT, request([name]))).rejects.toMatchObject({ code: 'caRejected' })
  })

  test.each(['shop.localhost', 'intranet', 'host.internal', 'xn--fiq228c.test', 'A.Test', '*.a.test'])(
    'the name %s is taken',
    async (name) => {
      expect((await createBench().ca.placeOrder(ACCOUNT, request([name]))).state).toBe('pending')
    },
  )

  test('no names, and more than a hundred, are refused', async () => {
    const { ca } = createBench()
    const many = Array.from({ length: 101 }, (_, index) => `n${index}.test`)
    await expect(ca.placeOrder(ACCOUNT, request([]))).rejects.toMatchObject({ code: 'caRejected' })
    await expect(ca.placeOrder(ACCOUNT, request(many))).rejects.toMatchObject({ code: 'caRejected' })
  })

  test('placing at once with one reference gives one order; for other names the reference is refused', async () => {
    const { ca } = createBench()
    const wanted = request(['a.test'])
    const orders = await Promise.all([1, 2, 3, 4].map(() => ca.placeOrder(ACCOUNT, wanted)))
    expect(new Set(orders.map(({ ref }) => ref)).size).toBe(1)
    await expect(ca.placeOrder(ACCOUNT, { ...wanted, identifiers: ['b.test'] })).rejects.toMatchObject({ code: 'invalid' })
  })

  test('an order of another authority is not found', async () => {
    const store = createMemoryCaStore()
    const order = await createBench({}, store).ca.placeOrder(ACCOUNT, request(['a.test']))
    await expect(read(createBench({ authorityId: 'b' }, store), order.ref)).rejects.toMatchObject({ code: 'notFound' })
    await expect(createBench({ authorityId: 'b' }, store).ca.answerChallenge(ACCOUNT, `${order.ref}.0`)).rejects.toMatchObject({
      code: 'notFound',
    })
  })

  test('the time of an order is in its id', () => {
    expect(createdAtOf(formatId('cao', START, new Uint8Array(16).fill(255)))).toBe(START)
    expect(createdAtOf('something else')).toBe(0)
  })
})

describe('built-in CA: signing', () => {
  /** A store whose process dies: the n-th change of an order is not acknowledged, before or after it was written. */
  function dyingStore(dieAt: number, isWritten: boolean): BuiltinCaStore {
    const store = createMemoryCaStore()
    let changes = 0
    return {
      ...store,
      updateOrder: async (order) => {
        changes += 1
        if (changes !== dieAt) return store.updateOrder(order)
        if (isWritten) await store.updateOrder(order)
        throw new Error('the process died')
      },
    }
  }

  test.each([
    ['before the intent was written', 2, false],
    ['after the intent was written', 2, true],
    ['before the certificate was written', 3, false],
    ['after the certificate was written', 3, true],
  ])('a crash %s ends in one certificate', async (_when, dieAt, isWritten) => {
    const bench = createBench({}, dyingStore(dieAt, isWritten))
    const order = await bench.ca.placeOrder(ACCOUNT, request(['a.test']))
    await prove(bench, order)
    const csrDer = await csrFor(['a.test'])
    await expect(finalize(bench, order.ref, csrDer)).rejects.toThrow('the process died')
    const intent = await bench.store.loadOrder('a', order.ref)
    bench.clock += 3_600_000
    expect(['ready', 'issued']).toContain((await read(bench, order.ref)).state)
    const leaf = await finalize(bench, order.ref, csrDer)
    if (intent?.serialHex) expect(leaf.serialNumber.toLowerCase()).toBe(intent.serialHex)
    if (intent?.notBefore) expect(leaf.validFromDate.getTime()).toBe(intent.notBefore)
    expect((await finalize(bench, order.ref, csrDer)).raw.equals(leaf.raw)).toBe(true)
  })

  test('an interrupted signature takes no other key', async () => {
    const bench = createBench({}, dyingStore(3, false))
    const order = await bench.ca.placeOrder(ACCOUNT, request(['a.test']))
    await prove(bench, order)
    await expect(finalize(bench, order.ref, await csrFor(['a.test']))).rejects.toThrow('the process died')
    await expect(finalize(bench, order.ref, await csrFor(['a.test']))).rejects.toMatchObject({ code: 'badCsr' })
  })

  test('finalizing at once gives one certificate', async () => {
    const bench = createBench()
    const order = await bench.ca.placeOrder(ACCOUNT, request(['a.test']))
    await prove(bench, order)
    const csrDer = await csrFor(['a.test'])
    const leaves = await Promise.all([1, 2, 3, 4, 5].map(() => finalize(bench, order.ref, csrDer)))
    expect(new Set(leaves.map(({ fingerprint256 }) => fingerprint256)).size).toBe(1)
  })

  const opensslCsr = (...args: readonly string[]) =>
    execFileSync(
      'openssl',
      ['req', '-new', '-nodes', '-subj', '/CN=a.test', '-outform', 'DER', '-keyout', '/dev/null', ...args],
      { stdio: 'pipe' },
    )

  test.each([
    ['a key of 1024 bits', () => opensslCsr('-newkey', 'rsa:1024')],
    ['the curve secp256k1', () => opensslCsr('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1')],
    ['SHA-1', () => opensslCsr('-newkey', 'rsa:2048', '-sha1')],
    ['no DER', () => Buffer.from('not a CSR')],
    [
      'a broken signature',
      async () => (await csrFor(['a.test'])).map((octet, index, all) => (index === all.length - 1 ? octet ^ 1 : octet)),
    ],
  ])('a CSR with %s is refused', async (_what, make) => {
    const bench = createBench()
    const order = await bench.ca.placeOrder(ACCOUNT, request(['a.test']))
    await prove(bench, order)
    await expect(finalize(bench, order.ref, await make())).rejects.toMatchObject({ code: 'badCsr' })
    expect((await read(bench, order.ref)).state).toBe('ready')
  })

  test('an RSA key and the common name alone are fine', async () => {
    const bench = createBench()
    const order = await bench.ca.placeOrder(ACCOUNT, request(['a.test']))
    await prove(bench, order)
    const leaf = await finalize(bench, order.ref, opensslCsr('-newkey', 'rsa:2048'))
    expect(leaf.publicKey.asymmetricKeyType).toBe('rsa')
    expect(leaf.subjectAltName).toBe('DNS:a.test')
  })
})

describe('built-in CA: revocation', () => {
  test('the list names serial, time and reason, and is signed by the intermediate', async () => {
    const bench = createBench()
    const leaves = [await issue(bench, request(['a.test'])), await issue(bench, request(['b.test']))] as const
    await bench.ca.revoke(ACCOUNT, { der: leaves[0].raw, reason: 'keyCompromise' })
    await bench.ca.revoke(ACCOUNT, { der: leaves[1].raw, reason: 'unspecified' })
    const crl = await createCrl(bench.store, 'a', START + 1000)
    const text = withFile(crl, (path) =>
      execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-text', '-in', path], { encoding: 'utf8' }),
    )
    for (const leaf of leaves) expect(text.toUpperCase()).toContain(leaf.serialNumber)
    expect(text.match(/Key Compromise/g)).toHaveLength(1)
    expect(text.match(/Reason Code/g)).toHaveLength(1)
    expect(text).toMatch(/Last Update: Nov 23 10:20:31 2026/)
    expect(text).toMatch(/Next Update: Nov 30 10:20:31 2026/)
  })

  test('a list without revocations, and one for an authority that is not there', async () => {
    const bench = createBench()
    await issue(bench, request(['a.test']))
    expect((await createCrl(bench.store, 'a', START)).length).toBeGreaterThan(100)
    await expect(createCrl(bench.store, 'other', START)).rejects.toMatchObject({ code: 'notFound' })
    await expect(authorityCertificates(bench.store, 'other')).rejects.toMatchObject({ code: 'notFound' })
  })

  test('the first revocation counts', async () => {
    const bench = createBench()
    const leaf = await issue(bench, request(['a.test']))
    await bench.ca.revoke(ACCOUNT, { der: leaf.raw, reason: 'keyCompromise' })
    bench.clock += DAY_MS
    await bench.ca.revoke(ACCOUNT, { der: leaf.raw, reason: 'superseded' })
    expect(await bench.store.listRevoked('a')).toEqual([
      { serialHex: leaf.serialNumber.toLowerCase(), revokedAt: START, reason: 1 },
    ])
  })

  test("another CA's certificate and garbage are refused", async () => {
    const bench = createBench()
    const foreign = await issue(createBench(), request(['a.test']))
    await expect(bench.ca.revoke(ACCOUNT, { der: foreign.raw, reason: 'unspecified' })).rejects.toMatchObject({
      code: 'caRejected',
    })
    await expect(bench.ca.revoke(ACCOUNT, { der: Buffer.from('x'), reason: 'unspecified' })).rejects.toMatchObject({
      code: 'badCertificate',
    })
  })
})

describe('built-in CA: settings', () => {
  test('have defaults', () => {
    expect(builtin.config.parse({ authorityId: 'a', validityRule: 'private', publicUrl: 'https://x.test' })).toMatchObject({
      organisation: 'Evercert',
      maxDays: 3650,
      fileValidationPorts: { http: 80, https: 443 },
    })
  })

  test.each([
    { authorityId: '../x' },
    { publicUrl: 'ftp://x' },
    { publicUrl: 'x' },
    { maxDays: 0 },
    { validityRule: 'none' },
    { fileValidationPorts: { http: 70000 } },
  ])('that are wrong are refused: %j', (wrong) => {
    const settings = { authorityId: 'a', validityRule: 'private', publicUrl: 'https://x.test', ...wrong }
    expect(builtin.config.safeParse(settings).success).toBe(false)
  })
})
