import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { CertificateDetail } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { serveTls } from '../../../pki/test/probe/servers.ts'
import { createOpensslCa, type OpensslCa, type OpensslLeaf } from '../../../../test/harness/openssl-ca.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/time.ts'
import { createRevocationChecker } from '../../src/services/revocation-checks/checker.ts'
import { recordAnswers } from '../../src/services/revocation-checks/record.ts'
import { aForm, anAccount, aSite, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase, temporaryFolder } from '../support/databases.ts'
import { startPages, type Pages } from '../support/pages.ts'
import { aServableCertificate } from '../support/served-certificate.ts'
import { startTestService, type TestService } from '../support/service.ts'

oneDatabase((_, open) => {
  let service: TestService
  let account: TestAccount
  let ca: OpensslCa
  let stranger: OpensslCa
  let site: Pages
  let count = 0
  const folder = temporaryFolder()
  const clock = createClock(Date.now())

  beforeAll(async () => {
    const worker = { scanMs: 2_000_000_000 } // rounds are the test's
    service = await startTestService({ database: await open(), clock, worker, environment: { EVERCERT_REVOCATION_HOURS: '6' } })
    account = await anAccount(service)
    ca = await createOpensslCa({ folder: join(folder, 'own') })
    stranger = await createOpensslCa({ folder: join(folder, 'stranger') })
    site = await startPages()
  })
  beforeEach(() => clock.moveTo(Date.now()))
  afterAll(async () => {
    await service.stop()
    await site.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const newChecker = () => createRevocationChecker(service.services, new AbortController().signal)
  const get = (id: string): Promise<CertificateDetail> => account.client.certificates.get({ id })
  const aPath = (): string => `/page-${(count += 1)}`
  const serve = (path: string, body: Uint8Array) => void site.pages.set(path, () => ({ body }))
  const upload = ({ pem, keyPem }: OpensslLeaf) =>
    account.client.certificates.upload({
      name: `upload ${(count += 1)}`,
      certificatePem: `${pem}${ca.pem}`,
      privateKeyPem: keyPem,
    })
  const rowOf = async (certificateId: string) => {
    const { rows } = await sql<{ account_id: string; sha256: string; url: string; state: string; reason: string | null }>`
      select r.account_id, r.sha256, r.url, r.state, r.reason from revocation_check r join issuance i
      on i.account_id = r.account_id and i.sha256 = r.sha256 where i.certificate_id = ${certificateId}`.execute(
      service.services.db,
    )
    const [row] = rows
    if (row === undefined) throw new Error('it is not noted')
    return row
  }

  test('a forged list is not kept: the real one is heard at the next question; and a real one is kept for who comes later', async () => {
    const checker = newChecker()
    const path = aPath()
    const leaf = await ca.issue({ name: aSite(service), crlUrl: `${site.url}${path}` })
    const { id } = await upload(leaf)
    await ca.revoke(leaf, 'keyCompromise')
    serve(path, await stranger.crl())
    await checker.round()
    expect((await get(id)).revocationCheck).toMatchObject({ state: 'unknown', problem: { code: 'badSignature' } })
    serve(path, await ca.crl())
    clock.advance(HOUR_MS)
    await checker.round()
    expect((await get(id)).status).toBe('revoked')
    const before = site.timesAsked(path)
    const later = await upload(await ca.issue({ name: aSite(service), crlUrl: `${site.url}${path}` }))
    await checker.round()
    expect((await get(later.id)).revocationCheck?.state).toBe('good')
    expect(site.timesAsked(path)).toBe(before)
  })

  test('an older list says nothing against a newer one, neither good nor on hold; a hold ends by a newer word', async () => {
    const path = aPath()
    const leaf = await ca.issue({ name: aSite(service), crlUrl: `${site.url}${path}` })
    const { id } = await upload(leaf)
    const listOf = (hours: number) => {
      const at = new Date(Date.now() - hours * HOUR_MS).toISOString().replace(/[-:T]|\.\d+/g, '')
      const end = new Date(Date.now() + 7 * DAY_MS).toISOString().replace(/[-:T]|\.\d+/g, '')
      return ca.crl('-crl_lastupdate', at, '-crl_nextupdate', end)
    }
    const [first, lifted] = [await listOf(3), await listOf(1)]
    await ca.revoke(leaf, 'certificateHold')
    const held = await listOf(2)
    const seen: unknown[] = []
    for (const list of [first, held, first, lifted, held]) {
      serve(path, list)
      await newChecker().round()
      const { status, revocationCheck } = await get(id)
      seen.push([status, revocationCheck?.state, revocationCheck?.reason ?? null, revocationCheck?.problem?.code ?? null])
      clock.advance(7 * HOUR_MS)
    }
    expect(seen).toEqual([
      ['issued', 'good', null, null],
      ['issued', 'revoked', 'certificateHold', null],
      ['issued', 'revoked', 'certificateHold', 'stale'],
      ['issued', 'good', null, null],
      ['issued', 'good', null, 'stale'],
    ])
  })

  test('each hold is told, and so is the end after a hold: none is taken for the one before', async () => {
    const { detail } = await aServableCertificate(account, aSite(service))
    await newChecker().round()
    const { url, ...check } = await rowOf(detail.id)
    const noticesOf = async () => {
      const { items } = await account.client.notices.list({ certificateId: detail.id })
      return items.filter(({ kind }) => kind === 'revokedByCa').length
    }
    const seen: number[] = []
    for (const [index, reason] of ['certificateHold', 'certificateHold', null, 'certificateHold', 'keyCompromise'].entries()) {
      clock.advance(HOUR_MS)
      const thisUpdate = clock.now()
      const times = { source: 'crl', thisUpdate, nextUpdate: thisUpdate + DAY_MS } as const
      // The same hold is the same in each list; the next one begins later.
      const revokedAt = index < 2 ? thisUpdate - index * HOUR_MS : thisUpdate
      const answer =
        reason === null
          ? ({ state: 'good', ...times } as const)
          : ({ state: 'revoked', ...times, revokedAt, reason: reason as 'certificateHold' } as const)
      await recordAnswers(service.services, [{ check, issuer: null, answer, nextAt: clock.now() + HOUR_MS, url }])
      seen.push(await noticesOf())
    }
    expect(seen).toEqual([1, 1, 1, 2, 3])
    expect((await get(detail.id)).status).toBe('revoked')
  })

  test('what is revoked for good stays so while a reissue waits, whatever is said later, and ends with it', async () => {
    const { detail } = await aServableCertificate(account, aSite(service))
    await newChecker().round()
    await account.client.applications.submit({ id: detail.id, ...aForm(['unproved.example.com']), reissue: true })
    const { url, ...check } = await rowOf(detail.id)
    const say = (state: 'good' | 'revoked', minutes: number, reason: 'keyCompromise' | 'certificateHold' = 'keyCompromise') => {
      const thisUpdate = clock.now() + minutes * MINUTE_MS
      const times = { source: 'crl', thisUpdate, nextUpdate: thisUpdate + DAY_MS } as const
      const answer = state === 'good' ? { state, ...times } : { state, ...times, revokedAt: clock.now() - HOUR_MS, reason }
      return recordAnswers(service.services, [{ check, issuer: null, answer, nextAt: clock.now() + HOUR_MS, url }])
    }
    await say('revoked', 1)
    expect(await rowOf(detail.id)).toMatchObject({ state: 'revoked', reason: 'keyCompromise' })
    await say('good', 2)
    await say('revoked', 3, 'certificateHold')
    expect(await rowOf(detail.id)).toMatchObject({ state: 'revoked', reason: 'keyCompromise' })
    expect((await get(detail.id)).status).toBe('issued')
    await account.client.applications.withdraw({ id: detail.id })
    await say('good', 4)
    expect((await get(detail.id)).status).toBe('revoked')
  })

  test('a staple that is older than what is believed revokes nothing', async () => {
    const path = aPath()
    const leaf = await ca.issue({ name: aSite(service), ocspUrl: `${site.url}${path}` })
    const { id, domains } = await upload(leaf)
    const index = join(folder, 'own', 'index.txt')
    const valid = readFileSync(index)
    await ca.revoke(leaf, 'certificateHold')
    const staple = await ca.respond(leaf, '-nmin', '30')
    writeFileSync(index, valid)
    site.pages.set(path, async (request) => ({ body: await ca.answer(request, '-nmin', '30') }))
    await newChecker().round()
    const { db } = service.services
    await sql`update revocation_check set this_update = this_update + interval '1 minute'
      where sha256 = ${(await rowOf(id)).sha256}`.execute(db)
    const chain = { chainPem: `${leaf.pem}${ca.pem}`, privateKeyPem: leaf.keyPem }
    const server = await serveTls(
      chain,
      {},
      {},
      () => {},
      (_c, _i, done) => done(null, Buffer.from(staple)),
    )
    const verify = async () => {
      const { endpoints } = await account.client.certificates.verify({ id })
      return [(await rowOf(id)).state, endpoints.flatMap(({ observations }) => observations.map(({ verdict }) => verdict))]
    }
    await account.client.endpoints.create({ certificateId: id, host: domains[0] ?? '', port: server.port })
    expect(await verify()).toEqual(['good', [expect.not.stringMatching('revoked')]])
    await sql`update revocation_check set this_update = this_update - interval '1 hour'
      where sha256 = ${(await rowOf(id)).sha256}`.execute(db)
    expect(await verify()).toEqual(['revoked', ['revoked']])
    await server.close()
  })
})
