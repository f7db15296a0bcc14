import { X509Certificate } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { CertificateDetail, EndpointView } from '@evercert/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { serveTls } from '../../../pki/test/probe/servers.ts'
import { createOpensslCa, type OpensslCa, type OpensslLeaf, type OpensslPlaces } from '../../../../test/harness/openssl-ca.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/time.ts'
import { createProber } from '../../src/services/probing/prober.ts'
import { createRevocationChecker } from '../../src/services/revocation-checks/checker.ts'
import { anAccount, aSite, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase, temporaryFolder } from '../support/databases.ts'
import { startPages, type Pages } from '../support/pages.ts'
import { startTestService, type TestService } from '../support/service.ts'

oneDatabase((_, open) => {
  let service: TestService
  let account: TestAccount
  let root: OpensslCa
  let site: Pages
  let slow: Pages
  let count = 0
  const folder = temporaryFolder()
  const clock = createClock(Date.now())
  const trusted = getCACertificates('default')

  beforeAll(async () => {
    root = await createOpensslCa({ folder: join(folder, 'root'), commonName: 'Root of the test' })
    setDefaultCACertificates([...trusted, root.pem]) // as a public root is: nobody sends it
    const worker = { scanMs: 2_000_000_000 } // rounds are the test's
    service = await startTestService({ database: await open(), clock, worker, environment: { EVERCERT_REVOCATION_HOURS: '6' } })
    account = await anAccount(service)
    ;[slow, site] = await Promise.all([startPages(), startPages()])
  })
  beforeEach(() => clock.moveTo(Date.now()))
  afterAll(async () => {
    setDefaultCACertificates([...trusted])
    await service.stop()
    await Promise.all([slow.close(), site.close()])
    rmSync(folder, { recursive: true, force: true })
  })

  describe('a round has its time', () => {
    const checkerOf = (roundMs: number) =>
      createRevocationChecker(service.services, new AbortController().signal, { hostMs: MINUTE_MS, roundMs })
    const upload = async (wish: { ocspUrl?: string; crlUrl?: string }): Promise<string> => {
      const { pem, keyPem } = await root.issue({ name: aSite(service), ...wish })
      const name = aSite(service)
      return (await account.client.certificates.upload({ name, certificatePem: `${pem}${root.pem}`, privateKeyPem: keyPem })).id
    }
    const statesOf = async (ids: readonly string[]) =>
      Promise.all(ids.map(async (id) => (await account.client.certificates.get({ id })).revocationCheck?.state))
    const countUnknown = async (ids: readonly string[]) => (await statesOf(ids)).filter((state) => state === 'unknown').length
    const dueIn = async () => {
      const { rows } = await sql<{ next_at: Date }>`select next_at from revocation_check where state = 'unknown'`.execute(
        service.services.db,
      )
      return rows.map((row) => row.next_at.getTime() - clock.now())
    }

    test('a responder that takes its time has a minute of a round; the others are asked meanwhile, and what is left is given back', async () => {
      const ocspUrl = `${slow.url}/ocsp`
      // Each answer takes 25 s by the service's clock: the third question would begin after 50 s, the fourth after 75 s.
      slow.pages.set('/ocsp', async (request) => {
        const body = await root.answer(request, '-nmin', '30')
        clock.advance(25_000)
        return { body }
      })
      const list = await root.crl()
      site.pages.set('/list.crl', () => ({ body: list }))
      const ids = [await upload({ ocspUrl }), await upload({ ocspUrl }), await upload({ ocspUrl }), await upload({ ocspUrl })]
      const other = await upload({ crlUrl: `${site.url}/list.crl` })
      expect(await checkerOf(3 * MINUTE_MS).round()).toBe(5)
      expect(await countUnknown([...ids, other])).toBe(1)
      expect(await statesOf([other])).toEqual(['good'])
      const [left, ...more] = await dueIn()
      expect(more).toEqual([])
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(MINUTE_MS) // and not when the claim runs out
      clock.advance(MINUTE_MS)
      await checkerOf(3 * MINUTE_MS).round()
      expect(await statesOf(ids)).toEqual(['good', 'good', 'good', 'good'])
    })

    test('a round that is over asks no host more', async () => {
      const list = await root.crl()
      const paths = ['/a.crl', '/b.crl', '/c.crl']
      for (const path of paths)
        slow.pages.set(path, () => {
          clock.advance(25_000)
          return { body: list }
        })
      const ids = await Promise.all(paths.map((path) => upload({ crlUrl: `${slow.url}${path}` })))
      await checkerOf(45_000).round()
      expect(slow.asked.filter((path) => paths.includes(path))).toHaveLength(2)
      clock.advance(MINUTE_MS)
      await checkerOf(45_000).round()
      expect(await statesOf(ids)).toEqual(['good', 'good', 'good'])
    })
  })

  describe('intermediates', () => {
    const round = () => createRevocationChecker(service.services, new AbortController().signal).round()
    const probeRound = async (): Promise<void> => {
      const prober = createProber(service.services, new AbortController().signal)
      await prober.round()
      await prober.idle()
    }
    const get = (id: string): Promise<CertificateDetail> => account.client.certificates.get({ id })
    const look = async (id: string): Promise<EndpointView | undefined> =>
      (await account.client.endpoints.list()).items.find((endpoint) => endpoint.id === id)
    const noticesOf = async (certificateId: string) => (await account.client.notices.list({ certificateId })).items
    const below = async (names: OpensslPlaces): Promise<OpensslCa> => {
      count += 1
      return createOpensslCa({ folder: join(folder, `below-${count}`), commonName: `Intermediate ${count}`, parent: root, names })
    }
    const serveList = async (path: string, ...options: readonly string[]): Promise<void> => {
      const body = await root.crl(...options)
      site.pages.set(path, () => ({ body }))
    }
    const upload = ({ pem, keyPem }: OpensslLeaf, above: string): Promise<CertificateDetail> =>
      account.client.certificates.upload({
        name: `upload ${(count += 1)}`,
        certificatePem: `${pem}${above}`,
        privateKeyPem: keyPem,
      })
    const serve = async (leaf: OpensslLeaf, chain: string, held: CertificateDetail) => {
      const server = await serveTls({ chainPem: `${leaf.pem}${chain}`, privateKeyPem: leaf.keyPem })
      const host = held.domains[0] ?? ''
      const { id } = await account.client.endpoints.create({ certificateId: held.id, host, port: server.port })
      await account.client.certificates.verify({ id: held.id })
      return { id, close: () => server.close(), place: `${host}:${server.port}` }
    }
    const rowsOf = async (der: Uint8Array) => {
      const sha256 = new X509Certificate(der).fingerprint256.replaceAll(':', '').toLowerCase()
      const { rows } = await sql<{ state: string; is_issuer: boolean; not_after: Date; seen_at: Date | null }>`
        select state, is_issuer, not_after, seen_at from revocation_check
        where account_id = ${account.accountId} and sha256 = ${sha256}`.execute(service.services.db)
      return { sha256, rows }
    }

    test('an intermediate that its CA revokes: who has a certificate under it is told once, served or not; what serves it is `revoked` by name, and goes on in our books; on hold and released, it is in order again', async () => {
      const path = '/root.crl'
      const ca = await below({ crlUrl: `${site.url}${path}` })
      await serveList(path, '-crlexts', 'only_cas') // a list of CAs alone, as roots have it
      const leaf = await ca.issue({ name: aSite(service) })
      const held = await upload(leaf, ca.pem)
      const unserved = await upload(await ca.issue({ name: aSite(service) }), ca.pem)
      const endpoint = await serve(leaf, ca.pem, held)
      expect((await look(endpoint.id))?.verdict).toBe('served')
      await round()
      const noted = await rowsOf(ca.der)
      expect(noted.rows).toMatchObject([{ state: 'good', is_issuer: true, seen_at: null }]) // once, whoever stands under it
      expect(site.timesAsked(path)).toBe(1)

      await root.revoke(ca, 'certificateHold')
      await serveList(path)
      clock.advance(7 * HOUR_MS)
      await round()
      const told = async (id?: string) =>
        (await account.client.notices.list(id === undefined ? {} : { certificateId: id })).items.filter(
          ({ kind }) => kind === 'revokedByCa',
        )
      const [both, ...others] = await told() // one notice, however many stand under it
      expect([both?.title.en, both?.certificateId, others.length]).toEqual([
        '2 certificates stand under an intermediate that its CA has revoked (CN=Intermediate 1)',
        null,
        0,
      ])
      expect(both?.title.zh).toBe('2 张证书的证书链中有中间证书已被 CA 吊销（CN=Intermediate 1）')
      expect(both?.text.en).toContain('intermediate "CN=Intermediate 1"')
      for (const { name } of [held, unserved]) expect(both?.text.en).toContain(name)
      for (const { id } of [held, unserved])
        expect((await get(id)).history.filter(({ to }) => to === 'intermediateRevoked')).toHaveLength(1)
      expect(await get(unserved.id)).toMatchObject({ status: 'issued' })
      const late = await upload(await ca.issue({ name: aSite(service) }), ca.pem) // when everybody knows
      await round()
      const [about, ...more] = await told(late.id)
      expect([about?.title.en, more.length, (await told()).length]).toEqual([
        expect.stringMatching(/^upload \d+ stands under an intermediate that its CA has revoked$/) as string,
        0,
        2,
      ])
      expect([about?.title.zh, about?.text.en]).toEqual([
        expect.stringContaining('证书链中有中间证书已被 CA 吊销') as string,
        expect.stringContaining('The certificate itself is not revoked') as string,
      ])
      await probeRound() // nobody had to wait for its time
      const seen = await look(endpoint.id)
      expect(seen).toMatchObject({ verdict: 'revoked', observations: [{ verdict: 'revoked' }], strayedAt: null })
      const [words] = seen?.observations ?? []
      expect(words?.cause.en).toContain('"CN=Intermediate 1"')
      expect(words?.cause.en).toContain(`SHA-256 ${noted.sha256.slice(0, 16)}`)
      expect(words?.cause.en).toContain(`as its revocation list says (${site.url}${path})`)
      expect(words?.cause.zh).toContain('中间证书“CN=Intermediate 1”')
      expect(words?.remedy.en).toContain('under another intermediate')
      expect(words?.remedy.zh).toContain('其他中间证书')
      const detail = await get(held.id)
      expect(detail).toMatchObject({ status: 'issued', revocationCheck: { state: 'unknown', problem: { code: 'noAddress' } } })
      expect(detail.history.find(({ to }) => to === 'intermediateRevoked')?.detail).toContain(endpoint.place)
      expect((await noticesOf(held.id)).filter(({ kind }) => kind !== 'expiry')).toEqual([]) // told before it was seen

      clock.advance(7 * HOUR_MS)
      await round()
      await account.client.certificates.verify({ id: held.id })
      expect((await look(endpoint.id))?.verdict).toBe('revoked')
      expect(await told()).toHaveLength(2)

      writeFileSync(join(folder, 'root', 'index.txt'), '') // released
      await serveList(path)
      clock.advance(7 * HOUR_MS)
      await round()
      await account.client.certificates.verify({ id: held.id })
      expect((await look(endpoint.id))?.verdict).toBe('served')
      await endpoint.close()
    })

    test('one chain that cannot be read holds up no other, and is told of once', async () => {
      const path = '/beside.crl'
      await serveList(path)
      const [damaged, sound] = [
        await upload(await root.issue({ name: aSite(service), crlUrl: `${site.url}${path}` }), ''),
        await upload(await root.issue({ name: aSite(service), crlUrl: `${site.url}${path}` }), root.pem),
      ]
      const { db, log } = service.services
      await sql`update issuance set chain_pem = 'PEM' where certificate_id = ${damaged.id}`.execute(db)
      const said = vi.spyOn(log, 'error')
      onTestFinished(() => said.mockRestore())
      await round()
      expect((await get(sound.id)).revocationCheck?.state).toBe('good')
      const { problem } = (await get(damaged.id)).revocationCheck ?? {}
      expect([problem?.code, problem?.cause.en]).toEqual(['chainUnreadable', 'The stored chain cannot be read.'])
      await round()
      const [line, ...more] = said.mock.calls.map(([one]) => one)
      expect([line, more]).toMatchObject([{ event: 'revocation.notReadable', accountId: account.accountId }, []])
    })

    test('a list for servers alone, or by a stranger, says nothing of an intermediate; a responder that the root answers for does', async () => {
      const [users, forged] = ['/users.crl', '/forged.crl']
      const stranger = await createOpensslCa({ folder: join(folder, 'stranger'), commonName: 'Root of the test' })
      const cas = [
        await below({ crlUrl: `${site.url}${users}` }),
        await below({ crlUrl: `${site.url}${forged}` }),
        await below({ ocspUrl: `${site.url}/ocsp` }),
      ]
      for (const ca of cas) await root.revoke(ca, 'cACompromise')
      await serveList(users, '-crlexts', 'only_users')
      const body = await stranger.crl()
      site.pages.set(forged, () => ({ body }))
      site.pages.set('/ocsp', async (request) => ({ body: await root.answer(request, '-nmin', '30') }))
      for (const ca of cas) await upload(await ca.issue({ name: aSite(service) }), ca.pem)
      await round()
      const states = await Promise.all(cas.map(async (ca) => (await rowsOf(ca.der)).rows.map(({ state }) => state)))
      expect(states).toEqual([['unknown'], ['unknown'], ['revoked']])
    })

    test('what an endpoint sends besides, and what stands above a stranger there, is asked about as long as it is seen; what signed nothing is not', async () => {
      const path = '/sent.crl'
      const ca = await below({ crlUrl: `${site.url}${path}` })
      const idle = await below({ crlUrl: `${site.url}${path}` })
      await root.revoke(ca, 'cACompromise')
      await root.revoke(idle, 'cACompromise')
      await serveList(path)
      const leaf = await ca.issue({ name: aSite(service) })
      const held = await upload(leaf, '') // without its chain: only the server sends it
      const endpoint = await serve(leaf, ca.pem + idle.pem, held)
      expect((await look(endpoint.id))?.verdict).toBe('served')
      expect((await rowsOf(ca.der)).rows).toMatchObject([{ is_issuer: true, seen_at: expect.any(Date) as Date }])
      expect((await rowsOf(idle.der)).rows).toEqual([])
      await round()
      await account.client.certificates.verify({ id: held.id })
      expect((await look(endpoint.id))?.verdict).toBe('revoked')
      const [notice, ...more] = (await noticesOf(held.id)).filter(({ kind }) => kind !== 'expiry')
      expect([notice?.kind, more.length]).toEqual(['revokedByCa', 0])
      expect(notice?.title.en).toContain(`${endpoint.place} serves a certificate under an intermediate`)
      expect(notice?.text.en).toContain('The certificate itself is not revoked')
      expect(notice?.text.zh).toContain('证书本身未被吊销')
      await endpoint.close()

      const other = await below({})
      const second = await other.issue({ name: aSite(service) })
      const inOrder = await upload(second, other.pem)
      const beside = await serve(second, other.pem + ca.pem, inOrder) // revoked, and nobody stands under it here
      expect((await look(beside.id))?.verdict).toBe('served')
      await beside.close()

      clock.advance(8 * DAY_MS)
      await round()
      expect((await rowsOf(ca.der)).rows).toEqual([])
    })
  })
})
