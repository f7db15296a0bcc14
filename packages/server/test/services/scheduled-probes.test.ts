import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RECEIPT_KEYS_PATH, RECEIPT_TYPE, type EndpointView } from '@evercert/contract'
import { verifyStatement, type PublicJwk } from '@evercert/pki'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../../cli/src/program.ts'
import { aShell } from '../../../cli/test/builders.ts'
import { serveTcp, serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { createChain } from '../../../../test/harness/certificates.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts'
import { anAccount, aSite, PRIVATE_SINGLE, refusalOf, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase, temporaryFolder } from '../support/databases.ts'
import { aServableCertificate, type ServableCertificate } from '../support/served-certificate.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const NODES = ['127.0.0.11', '127.0.0.12', '127.0.0.13', '::1'] as const

async function evercert(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const shell = aShell({ ...env, LANG: 'C' })
  return { code: await runProgram(args, shell), out: shell.out(), err: shell.err() }
}

/** As Prometheus reads it: each family together, under its HELP and TYPE, each sample once. */
function parseMetrics(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>()
  const families: string[] = []
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, help] = /^# HELP (\w+) .+$/.exec(line) ?? []
    if (help !== undefined) families.push(help)
    if (line.startsWith('#')) continue
    const [, sample = '', value = ''] = /^(\w+\{.*\}) (-?[\d.]+)$/.exec(line) ?? []
    expect(sample.split('{')[0]).toBe(families.at(-1))
    expect(samples.has(sample)).toBe(false)
    samples.set(sample, Number(value))
  }
  expect(new Set(families).size).toBe(families.length)
  return samples
}

/** Four nodes behind one name. The worker runs; handshakes are judged by the machine's own clock as well. */
eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let name: string
  let port: number
  let old: ServableCertificate
  let renewed: ServableCertificate
  let endpoint: EndpointView
  const clock = createClock(Date.now() - 345 * DAY_MS)
  const nodes = new Map<string, Running>()

  const put = async (address: string, start: (place: { host: string; port: number }) => Promise<Running>): Promise<void> => {
    await nodes.get(address)?.close()
    nodes.set(address, await start({ host: address, port }))
  }
  const serve = (address: string, { chainPem, privateKeyPem }: { chainPem: string; privateKeyPem: string }) =>
    put(address, (place) => serveTls({ chainPem, privateKeyPem }, {}, place))
  const look = async (): Promise<EndpointView> => {
    const found = (await account.client.endpoints.list()).items.find(({ id }) => id === endpoint.id)
    if (found === undefined) throw new Error('the endpoint is gone')
    return found
  }
  const strayNotices = async () =>
    (await account.client.notices.list({ certificateId: renewed.detail.id })).items.filter(
      ({ kind }) => kind === 'endpointStrayed',
    )

  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock })
    account = await anAccount(service)
    name = aSite(service)
    port = await freePort()
    old = await aServableCertificate(account, name)
    clock.moveTo(Date.now())
    renewed = await aServableCertificate(account, name, { renewsCertificateId: old.detail.id, productId: PRIVATE_SINGLE })
    service.dns.remove(name, 'A')
    for (const address of NODES) service.dns.add(name, address.includes(':') ? 'AAAA' : 'A', address)
    await serve('127.0.0.11', old)
    await serve('127.0.0.12', { ...renewed, chainPem: renewed.leafPem })
    await put('127.0.0.13', (place) => serveTcp((socket) => socket.resetAndDestroy(), place))
    await serve('::1', renewed)
    endpoint = await account.client.endpoints.create({ certificateId: renewed.detail.id, host: name, port })
  })
  afterAll(async () => {
    await service.stop()
    await Promise.all([...nodes.values()].map((node) => node.close()))
  })
  afterEach(() => clock.moveTo(Date.now()))

  test('one is stale, one has a wrong chain, one resets, one is there on IPv6 only: each has its verdict', async () => {
    const seen = await waitFor('the proof', async () => ((await look()).observations.length === 4 ? look() : null))
    expect(Object.fromEntries(seen.observations.map(({ address, verdict }) => [address, verdict]))).toEqual({
      '127.0.0.11': 'oldCertificate',
      '127.0.0.12': 'incompleteChain',
      '127.0.0.13': 'unreachable',
      '::1': 'served',
    })
    expect(seen).toMatchObject({ protocol: 'tls', verdict: 'incompleteChain', provedAt: null, strayedAt: null })
    expect(seen.observations.every(({ cause, remedy }) => cause.zh !== '' && remedy.en !== '')).toBe(true)
    expect(await strayNotices()).toHaveLength(0) // it was never proved, so it did not change back
  })

  test('probed on demand, each verdict is told as soon as it is there, while another address still keeps us waiting', async () => {
    const held = Promise.withResolvers<void>()
    await put('127.0.0.13', (place) => serveTcp((socket) => void held.promise.then(() => socket.resetAndDestroy()), place))
    const told: string[] = []
    for await (const event of await account.client.certificates.probe({ id: renewed.detail.id })) {
      told.push(
        event.kind === 'address' ? `${event.endpointId === endpoint.id ? event.address : '?'} ${event.verdict}` : event.kind,
      )
      if (told.length === 4) held.resolve() // of four addresses three are told before the last one answers
    }
    expect([told[0], ...told.slice(1, 4).toSorted(), ...told.slice(4)]).toEqual([
      'begun',
      '127.0.0.11 oldCertificate',
      '127.0.0.12 incompleteChain',
      '::1 served',
      '127.0.0.13 unreachable',
      'ended',
    ])
    const stranger = await anAccount(service)
    expect((await refusalOf(stranger.client.certificates.probe({ id: renewed.detail.id }))).code).toBe('notFound')
  })

  test('when all four serve it, it is proved, and the next look is by schedule', async () => {
    for (const address of NODES) await serve(address, renewed)
    const detail = await account.client.certificates.verify({ id: renewed.detail.id })
    expect(detail.servedAt).not.toBeNull()
    const seen = await look()
    expect(seen).toMatchObject({ verdict: 'served', strayedAt: null })
    const waitMs = Date.parse(seen.nextProbeAt ?? '') - Date.parse(seen.probedAt ?? '')
    expect(waitMs).toBeGreaterThan(0.89 * HOUR_MS) // hourly on the first day
    expect(waitMs).toBeLessThan(1.11 * HOUR_MS)
    service.clock.advance(1000)
    const again = await account.client.certificates.verify({ id: renewed.detail.id })
    expect(again.servedAt).toBe(detail.servedAt) // since when, however often it is looked at
    expect(again.history.filter(({ to }) => to === 'served')).toHaveLength(1)
  })

  test('the proof is signed, and can be checked without the service; what was altered cannot', async () => {
    const { items } = await account.client.receipts.list({ id: renewed.detail.id })
    expect(items).toHaveLength(1)
    const [receipt] = items
    if (receipt === undefined) throw new Error('there is no receipt')
    const answer = await service.fetch(RECEIPT_KEYS_PATH) // without a token
    const { keys } = (await answer.json()) as { keys: PublicJwk[] }
    expect(keys.every((key) => Object.keys(key).every((name) => name !== 'd'))).toBe(true)
    expect(verifyStatement(receipt.jws, keys, RECEIPT_TYPE)).toEqual(receipt.claims)
    expect(receipt.claims).toMatchObject({
      software: { name: 'Evercert' },
      certificate: { id: renewed.detail.id, sha256: renewed.detail.sha256 },
      replaces: { sha256: old.detail.sha256, basis: 'observed' },
    })
    const seen = receipt.claims.endpoints.flatMap(({ addresses }) => addresses)
    expect(new Set(seen.map(({ address }) => address))).toEqual(new Set(NODES))
    expect(seen.every(({ certificates }) => certificates[0]?.sha256 === renewed.detail.sha256)).toBe(true)
    const pdf = await account.client.receipts.pdf({ id: receipt.id })
    expect(pdf.type).toBe('application/pdf')
    const text = Buffer.from(await pdf.arrayBuffer()).toString('latin1')
    expect(text).toMatch(/^%PDF-1\.4\n[\s\S]+%%EOF\n$/)
    expect(text).toContain(renewed.detail.sha256)
    const { receipts } = account.client
    const all = (await receipts.listAll({})).items.map(({ id }) => id)
    expect(all).toContain(receipt.id)
    const first = await receipts.listAll({ limit: 1 })
    const rest = first.nextCursor === null ? [] : (await receipts.listAll({ cursor: first.nextCursor })).items
    expect([...first.items, ...rest].map(({ id }) => id)).toEqual(all)
    const stranger = await anAccount(service, { scopes: ['certificates:read'] })
    expect((await stranger.client.receipts.listAll({})).items).toEqual([])
    expect((await refusalOf(stranger.client.receipts.get({ id: receipt.id }))).code).toBe('notFound')

    const folder = temporaryFolder()
    const [file, keyFile] = [join(folder, 'receipt.jws'), join(folder, 'keys.json')]
    writeFileSync(keyFile, JSON.stringify({ keys }))
    const connection = { EVERCERT_URL: service.url, EVERCERT_TOKEN: account.token }
    expect((await evercert(connection, 'receipt', 'show', renewed.detail.id, '--jws', file)).code).toBe(0)
    expect((await evercert({}, 'receipt', 'verify', file, '--keys', keyFile)).code).toBe(0)
    expect((await evercert(connection, 'receipt', 'verify', file)).code).toBe(0)
    const jws = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      jws.replace(/\.(.)/, (_all, first: string) => `.${first === 'A' ? 'B' : 'A'}`),
    )
    const refused = await evercert({}, 'receipt', 'verify', file, '--keys', keyFile)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('not valid')
    rmSync(folder, { recursive: true })
  })

  test('metrics are scraped with a token for them alone', async () => {
    const scrape = (token: string) => service.fetch('/metrics', { headers: { authorization: `Bearer ${token}` } })
    expect((await service.fetch('/metrics')).status).toBe(401)
    const without = await anAccount(service, { scopes: ['certificates:read'] })
    expect((await scrape(without.token)).status).toBe(403)
    const answer = await scrape(account.token)
    expect(answer.headers.get('content-type')).toContain('version=0.0.4')
    const samples = parseMetrics(await answer.text())
    const labels = `{certificate="${renewed.detail.id}",host="${name}",port="${port}",protocol="tls",server_name="${name}"}`
    expect(samples.get(`evercert_endpoint_in_order${labels}`)).toBe(1)
    expect(samples.get(`evercert_endpoint_verdict${labels.replace('}', ',verdict="served"}')}`)).toBe(1)
    const endsAt = Date.parse(renewed.detail.notAfter ?? '')
    expect(samples.get(`evercert_endpoint_days_left${labels}`)).toBeCloseTo((endsAt - clock.now()) / DAY_MS, 1)
    expect(samples.get(`evercert_endpoint_proof_timestamp_seconds${labels}`)).toBeGreaterThan(1_700_000_000)
    const ofCertificate = `{certificate="${renewed.detail.id}",name="${renewed.detail.name}"}`
    expect(samples.get(`evercert_certificate_days_left${ofCertificate}`)).toBeCloseTo((endsAt - clock.now()) / DAY_MS, 1)
    expect(samples.get(`evercert_certificate_verdict${ofCertificate.replace('}', ',verdict="served"}')}`)).toBe(1)
    const proof = 'proof_timestamp_seconds'
    expect(samples.get(`evercert_certificate_${proof}${ofCertificate}`)).toBe(samples.get(`evercert_endpoint_${proof}${labels}`))
    const other = await anAccount(service, { scopes: ['metrics:read'] })
    expect(parseMetrics(await (await scrape(other.token)).text()).size).toBe(0) // another tenant has none of it
  })

  test('a node that changes back is told of once, and shown until it is mended', async () => {
    await serve('127.0.0.12', old)
    clock.advance(2 * HOUR_MS)
    const strayed = await waitFor('the stray', async () => ((await look()).strayedAt === null ? null : look()))
    expect(strayed).toMatchObject({ verdict: 'oldCertificate' })
    expect(strayed.provedAt).not.toBeNull()
    const [notice] = await strayNotices()
    expect(notice?.title.en).toContain(`${name}:${port}`)
    expect(notice?.text.zh).toContain('127.0.0.12')
    const again = await waitForProbeAfter(strayed)
    expect(again.strayedAt).toBe(strayed.strayedAt)
    expect(await strayNotices()).toHaveLength(1)
    await serve('127.0.0.12', renewed)
    const mended = await waitForProbeAfter(again)
    expect(mended).toMatchObject({ verdict: 'served', strayedAt: null })
    const { history } = await account.client.certificates.get({ id: renewed.detail.id })
    expect(history.filter(({ subject }) => subject === 'endpoint').map(({ to }) => to)).toEqual(
      expect.arrayContaining(['strayed', 'recovered']),
    )
  })

  test('a stranger is told of; silence is shown and not told', async () => {
    const before = (await strayNotices()).length
    await nodes.get('127.0.0.13')?.close()
    const silent = await waitForProbeAfter(await look())
    expect(silent).toMatchObject({ verdict: 'unreachable', strayedAt: null })
    expect(await strayNotices()).toHaveLength(before)
    const stranger = await aServableCertificate(account, aSite(service))
    await serve('127.0.0.13', stranger)
    const strange = await waitForProbeAfter(silent)
    expect(strange.verdict).toBe('wrongName')
    expect(await strayNotices()).toHaveLength(before + 1)
    // Another one in its place, without a moment in which all was in order.
    await serve('127.0.0.13', await aServableCertificate(account, aSite(service)))
    const another = await waitForProbeAfter(strange)
    expect(another.strayedAt).toBe(strange.strayedAt)
    expect(await strayNotices()).toHaveLength(before + 2)
    const same = await waitForProbeAfter(another)
    expect(await strayNotices()).toHaveLength(before + 2)
    await serve('127.0.0.13', renewed)
    expect((await waitForProbeAfter(same)).strayedAt).toBeNull()
  })

  test('a stranger for the other kind of key is told of, and one in its place as well', async () => {
    const before = (await strayNotices()).length
    const rsa = () => createChain().issue({ names: ['elsewhere.example.com'], key: 'rsa2048' })
    const both = ({ chainPem, privateKeyPem }: { chainPem: string; privateKeyPem: string }) =>
      put('127.0.0.13', (place) =>
        serveTls(renewed, { cert: [renewed.chainPem, chainPem], key: [renewed.privateKeyPem, privateKeyPem] }, place),
      )
    await both(rsa())
    clock.advance(DAY_MS) // both kinds are asked for once a day
    const strange = await waitForProbeAfter(await look())
    expect(strange).toMatchObject({ verdict: 'wrongName', strayedAt: expect.any(String) as string })
    expect(await strayNotices()).toHaveLength(before + 1)
    await both(rsa())
    const another = await waitForProbeAfter(strange)
    expect(await strayNotices()).toHaveLength(before + 2)
    await waitForProbeAfter(another)
    expect(await strayNotices()).toHaveLength(before + 2)
  })

  test('where it was never proved, a certificate that nobody knows is told of once, after a grace, and the next step says what to do', async () => {
    const mine = await aServableCertificate(account, aSite(service))
    const [site = ''] = mine.detail.domains
    const stranger = createChain().issue({ names: [site] })
    const server = await serveTls(stranger, {}, { host: '127.0.0.21' })
    const { certificates, endpoints, notices } = account.client
    const get = () => certificates.get({ id: mine.detail.id })
    for (const host of ['127.0.0.21', 'never-there.example.com'])
      await endpoints.create({ certificateId: mine.detail.id, host, port: server.port, serverName: site })
    const told = async () => (await notices.list({ certificateId: mine.detail.id })).items
    for (let look = 1; look < 5; look += 1) await certificates.verify({ id: mine.detail.id })
    const soon = await get()
    expect(soon.endpoints.map(({ verdict }) => verdict)).toContain('otherCertificate')
    expect(soon.nextStep.code).toBe('prove')
    expect(await told()).toEqual([])
    for (let look = 5; look < 10; look += 1) await certificates.verify({ id: mine.detail.id })
    const [notice] = await told()
    expect(notice).toMatchObject({ kind: 'endpointStrayed', title: { en: expect.stringContaining('serves another') as string } })
    expect(notice?.text.en).toContain('127.0.0.21: otherCertificate')
    expect(notice?.text.en).not.toContain('It did before')
    const { nextStep } = await get()
    expect(nextStep).toMatchObject({ code: 'replaceStranger', mover: 'user' })
    expect(nextStep.text.en).toContain(`127.0.0.21:${server.port}`)
    for (let look = 0; look < 2; look += 1) await certificates.verify({ id: mine.detail.id })
    expect(await told()).toHaveLength(1)
    await server.close()
  })

  /** The clock goes on until it is due. */
  async function waitForProbeAfter({ probedAt, nextProbeAt }: EndpointView): Promise<EndpointView> {
    clock.moveTo(Math.max(Date.parse(nextProbeAt ?? ''), clock.now()) + 1000)
    return waitFor('the next probe', async () => {
      const seen = await look()
      return seen.probedAt === probedAt ? null : seen
    })
  }
})
