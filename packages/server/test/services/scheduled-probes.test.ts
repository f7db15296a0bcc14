import type { EndpointView } from '@evercert/contract'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { serveTcp, serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts'
import { anAccount, aSite, PRIVATE_SINGLE, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { aServableCertificate, type ServableCertificate } from '../support/served-certificate.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const NODES = ['127.0.0.11', '127.0.0.12', '127.0.0.13', '::1'] as const

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

  test('when all four serve it, it is proved, and the next look is by schedule', async () => {
    for (const address of NODES) await serve(address, renewed)
    const detail = await account.client.certificates.verify({ id: renewed.detail.id })
    expect(detail.servedAt).not.toBeNull()
    const seen = await look()
    expect(seen).toMatchObject({ verdict: 'served', strayedAt: null })
    const waitMs = Date.parse(seen.nextProbeAt ?? '') - Date.parse(seen.probedAt ?? '')
    expect(waitMs).toBeGreaterThan(0.89 * HOUR_MS) // hourly on the first day
    expect(waitMs).toBeLessThan(1.11 * HOUR_MS)
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
    await serve('127.0.0.13', renewed)
    expect((await waitForProbeAfter(strange)).strayedAt).toBeNull()
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
