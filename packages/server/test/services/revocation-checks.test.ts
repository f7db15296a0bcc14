import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificateDetail, EndpointView } from '@evercert/contract'
import { parseChain } from '@evercert/pki'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { toBerCertificate } from '../../../../test/harness/ber-certificate.ts'
import { createSelfSigned } from '../../../../test/harness/certificates.ts'
import { createOpensslCa, type OpensslCa, type OpensslLeaf } from '../../../../test/harness/openssl-ca.ts'
import { HOUR_MS } from '../../src/domain/time.ts'
import { openIssuerAccount } from '../../src/services/advance/issuer-account.ts'
import { openIssuer } from '../../src/services/catalogue.ts'
import { createRevocationChecker } from '../../src/services/revocation-checks/checker.ts'
import { MAX_CRL_BYTES } from '../../src/services/revocation-checks/ask.ts'
import { aForm, anAccount, aSite, refusalOf, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { startPages, type Pages } from '../support/pages.ts'
import { aServableCertificate } from '../support/served-certificate.ts'
import { startTestService, type TestService } from '../support/service.ts'

eachDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  let folder: string
  let ca: OpensslCa
  let stranger: OpensslCa
  let site: Pages
  let count = 0
  let pages: Pages['pages']
  const clock = createClock(Date.now())

  beforeAll(async () => {
    // A worker that scans every two days of the test's patience: rounds are the test's.
    const worker = { scanMs: 2_000_000_000 }
    service = await startTestService({ database: await open(), clock, worker, environment: { EVERCERT_REVOCATION_HOURS: '6' } })
    account = await anAccount(service)
    folder = mkdtempSync(join(tmpdir(), 'evercert-revocation-'))
    ca = await createOpensslCa({ folder: join(folder, 'own') })
    stranger = await createOpensslCa({ folder: join(folder, 'stranger') })
    site = await startPages()
    pages = site.pages
  })
  beforeEach(() => clock.moveTo(Date.now()))
  afterAll(async () => {
    await service.stop()
    await site.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A checker that remembers nothing of the rounds before. */
  const round = () => createRevocationChecker(service.services, new AbortController().signal).round()
  const get = (id: string): Promise<CertificateDetail> => account.client.certificates.get({ id })
  const aPath = (): string => `/${kind}-${(count += 1)}.crl`
  const issue = (path: string | null, wish: { ocspUrl?: string; issuerUrl?: string } = {}): Promise<OpensslLeaf> =>
    ca.issue({ name: aSite(service), ...(path !== null && { crlUrl: `${site.url}${path}` }), ...wish })
  const upload = ({ pem, keyPem }: OpensslLeaf, { renews }: { renews?: string } = {}) =>
    account.client.certificates.upload({
      name: `upload ${(count += 1)}`,
      certificatePem: `${pem}${ca.pem}`,
      privateKeyPem: keyPem,
      ...(renews !== undefined && { renewsCertificateId: renews }),
    })
  const noticesOf = async (certificateId: string) =>
    (await account.client.notices.list({ certificateId })).items.filter((notice) => notice.kind === 'revokedByCa')
  const serveList = async (path: string, list?: Uint8Array) => {
    const body = list ?? (await ca.crl())
    pages.set(path, () => ({ body }))
  }

  /** As the CA itself does it, without a word to the service. */
  async function revokeAtTheCa(certificateId: string): Promise<void> {
    const { services } = service
    const row = await services.db
      .selectFrom('issuance')
      .innerJoin('application', 'application.id', 'issuance.application_id')
      .select(['chain_pem', 'issuer_id'])
      .where('issuance.certificate_id', '=', certificateId)
      .executeTakeFirstOrThrow()
    const builtin = await openIssuer(services, row.issuer_id)
    const der = new Uint8Array(new X509Certificate(row.chain_pem).raw)
    await builtin.revoke(await openIssuerAccount(services, row.issuer_id, builtin), { der, reason: 'keyCompromise' })
  }

  test("the built-in CA's own list, over HTTP: what it revoked by itself ends, what was revoked here is confirmed and told by nobody, a reissue under way goes on", async () => {
    const [byCa, byUs, reissued] = await Promise.all(
      [1, 2, 3].map(async () => (await aServableCertificate(account, aSite(service))).detail),
    )
    if (byCa === undefined || byUs === undefined || reissued === undefined) throw new Error('three were made')
    await revokeAtTheCa(byCa.id)
    await revokeAtTheCa(reissued.id)
    await account.client.certificates.revoke({ id: byUs.id, reason: 'superseded' })
    await expect.poll(async () => (await get(byUs.id)).status, { timeout: 10_000 }).toBe('revoked')
    const submitted = await account.client.applications.submit({
      id: reissued.id,
      ...aForm(['unproved.example.com']),
      reissue: true,
    })
    expect(submitted.state).toBe('pendingValidation')
    await round()
    const found = await get(byCa.id)
    expect(found).toMatchObject({
      status: 'revoked',
      revocationCheck: { state: 'revoked', source: 'crl', reason: 'keyCompromise' },
    })
    expect(await noticesOf(byCa.id)).toHaveLength(1)
    expect(await get(byUs.id)).toMatchObject({ status: 'revoked', revocationCheck: { state: 'revoked', reason: 'superseded' } })
    expect(await noticesOf(byUs.id)).toHaveLength(0)
    const waiting = await get(reissued.id)
    expect(waiting.status).toBe('issued') // the status of its issuance; it is told, and ends only if the reissue comes to nothing
    expect(waiting.revocationCheck).toMatchObject({ state: 'revoked', reason: 'keyCompromise' })
    expect(waiting.history.map(({ to }) => to)).toContain('revokedByCa')
    expect(await noticesOf(reissued.id)).toHaveLength(1)
    await account.client.applications.withdraw({ id: reissued.id })
    clock.advance(2 * HOUR_MS)
    await round()
    expect((await get(reissued.id)).status).toBe('revoked')
    expect(await noticesOf(reissued.id)).toHaveLength(1)
  })

  test('what the list of another CA revokes is revoked here: status, reason, time, timeline, notice and endpoints say so, by its word', async () => {
    const path = aPath()
    const first = await upload(await issue(null))
    const leaf = await issue(path)
    const other = await issue(path)
    const revoked = await upload(leaf, { renews: first.id })
    await serveList(path)
    await round()
    expect((await get(revoked.id)).revocationCheck).toMatchObject({
      state: 'good',
      source: 'crl',
      url: `${site.url}${path}`,
      problem: null,
    })
    const name = revoked.domains[0] ?? ''
    const server = await serveTls({ chainPem: `${leaf.pem}${ca.pem}`, privateKeyPem: leaf.keyPem })
    const endpoint = await account.client.endpoints.create({ certificateId: revoked.id, host: name, port: server.port })
    await account.client.certificates.verify({ id: revoked.id })
    const good = await upload(other, { renews: revoked.id })

    await ca.revoke(leaf, 'keyCompromise')
    await serveList(path)
    clock.advance(7 * HOUR_MS)
    const before = site.timesAsked(path)
    await round()
    expect(site.timesAsked(path)).toBe(before + 1) // one request for both certificates
    const detail = await get(revoked.id)
    expect(detail).toMatchObject({
      status: 'revoked',
      servedAt: null,
      revocationCheck: { state: 'revoked', source: 'crl', reason: 'keyCompromise', nextCheckAt: null },
    })
    expect(Math.abs(Date.parse(detail.revocationCheck?.revokedAt ?? '') - Date.now())).toBeLessThan(120_000)
    const line = detail.history.find(({ subject, to }) => subject === 'certificate' && to === 'revoked')
    expect(line).toMatchObject({ from: null, actor: 'evercert' })
    expect(line?.detail).toContain(`says the CRL of its CA (${site.url}${path})`)
    const [shown] = (await account.client.endpoints.list()).items.filter(({ id }) => id === endpoint.id)
    expect(shown).toMatchObject({ verdict: 'revoked', observations: [{ verdict: 'revoked' }] })
    expect(shown?.observations[0]?.cause.en).toContain('keyCompromise')
    expect(shown?.observations[0]?.cause.zh).toContain('私钥泄露')
    expect(await noticesOf(revoked.id)).toHaveLength(1)
    // What stood in the middle leaves its lineage: the one before is not to be renewed for it.
    expect(await get(good.id)).toMatchObject({
      status: 'issued',
      revocationCheck: { state: 'good' },
      renewsCertificateId: first.id,
    })
    expect((await get(first.id)).renewedByCertificateId).toBe(good.id)

    clock.advance(7 * HOUR_MS)
    await round()
    expect(await noticesOf(revoked.id)).toHaveLength(1)
    await server.close()
  })

  test('a forged list, one that ended, one that is too long, one for another point, and none at all: unknown, with the reason, never revoked', async () => {
    const cases: Record<string, (path: string) => unknown> = {
      badSignature: async (path) => serveList(path, await stranger.crl()),
      stale: async (path) =>
        serveList(path, await ca.crl('-crl_lastupdate', '20240101000000Z', '-crl_nextupdate', '20240102000000Z')),
      tooLarge: async (path) => pages.set(path, () => ({ body: Buffer.alloc(MAX_CRL_BYTES + 1) })),
      notCovered: async (path) => serveList(path, await ca.crl('-crlexts', 'elsewhere')),
      malformed: (path) => pages.set(path, () => ({ body: Buffer.from('<html>login</html>') })),
      unreachable: (path) => pages.set(path, () => ({ status: 503 })),
      addressForbidden: (path) =>
        pages.set(path, () => ({ status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data/' } })),
    }
    const leaves: { code: string; leaf: OpensslLeaf }[] = []
    for (const [code, serve] of Object.entries(cases)) {
      const path = aPath()
      const leaf = await issue(path)
      await ca.revoke(leaf)
      await serve(path)
      leaves.push({ code, leaf })
    }
    const made = await Promise.all(leaves.map(async ({ code, leaf }) => ({ code, id: (await upload(leaf)).id })))
    await round()
    for (const { code, id } of made) {
      const { status, revocationCheck } = await get(id)
      expect({ status, state: revocationCheck?.state, code: revocationCheck?.problem?.code }).toEqual({
        status: 'issued',
        state: 'unknown',
        code,
      })
      expect(revocationCheck?.problem?.cause.zh).not.toBe('')
      expect(revocationCheck?.checkedAt).toBeNull()
      expect(Date.parse(revocationCheck?.nextCheckAt ?? '')).toBeGreaterThan(clock.now())
    }
    const later = made.find(({ code }) => code === 'unreachable')
    if (later === undefined) throw new Error('there is none')
    const path = new URL((await get(later.id)).revocationCheck?.url ?? '').pathname
    await serveList(path)
    clock.advance(HOUR_MS)
    await round()
    expect((await get(later.id)).status).toBe('revoked') // the revocation was there all the time; now somebody could say so
  })

  test('a list that stops answering leaves its last word as long as that holds, and no longer', async () => {
    const path = aPath()
    const { id } = await upload(await issue(path))
    await serveList(path)
    await round()
    pages.delete(path)
    clock.advance(7 * HOUR_MS)
    await round()
    expect((await get(id)).revocationCheck).toMatchObject({ state: 'good', problem: { code: 'unreachable' } })
    clock.advance(8 * 24 * HOUR_MS)
    expect((await get(id)).revocationCheck).toMatchObject({ state: 'unknown', problem: { code: 'unreachable' } })
  })

  test.each([false, true])(
    'without a list the responder is asked, openssl ocsp here; by a delegated key: %s',
    async (delegated) => {
      const ocspUrl = `${site.url}/ocsp-${delegated}`
      pages.set(new URL(ocspUrl).pathname, async (request) => ({
        body: await ca.answer(request, '-nmin', '30', ...(delegated ? ['delegated'] : [])),
      }))
      const [good, bad] = [await issue(null, { ocspUrl }), await issue(null, { ocspUrl })]
      await ca.revoke(bad, 'superseded')
      const [kept, lost] = [await upload(good), await upload(bad)]
      await round()
      expect(await get(kept.id)).toMatchObject({
        status: 'issued',
        revocationCheck: { state: 'good', source: 'ocsp', url: ocspUrl },
      })
      expect(await get(lost.id)).toMatchObject({
        status: 'revoked',
        revocationCheck: { state: 'revoked', source: 'ocsp', reason: 'superseded' },
      })
      const unasked = await upload(await issue(null))
      await round()
      expect((await get(unasked.id)).revocationCheck).toMatchObject({
        state: 'unknown',
        nextCheckAt: null,
        problem: { code: 'noAddress' },
      })
    },
  )

  test('a stranger that an endpoint shows is asked about too; its issuer is fetched from where it says, and only the one that signed', async () => {
    const held = await aServableCertificate(account, aSite(service))
    const [path, issuerPath] = [aPath(), `/issuer-${(count += 1)}.crt`]
    const leaf = await issue(path, { issuerUrl: `${site.url}${issuerPath}` })
    await ca.revoke(leaf, 'keyCompromise')
    await serveList(path)
    pages.set(issuerPath, () => ({ body: stranger.der }))
    const server = await serveTls({ chainPem: leaf.pem, privateKeyPem: leaf.keyPem })
    const name = held.detail.domains[0] ?? ''
    const endpoint = await account.client.endpoints.create({ certificateId: held.detail.id, host: name, port: server.port })
    const look = async (): Promise<EndpointView | undefined> =>
      (await account.client.endpoints.list()).items.find(({ id }) => id === endpoint.id)
    await account.client.certificates.verify({ id: held.detail.id })
    await round()
    expect((await look())?.verdict).not.toBe('revoked')
    pages.set(issuerPath, () => ({ body: ca.der }))
    clock.advance(HOUR_MS)
    await round()
    expect((await look())?.verdict).toBe('revoked')
    await account.client.certificates.verify({ id: held.detail.id })
    expect(await look()).toMatchObject({ verdict: 'revoked', observations: [{ verdict: 'revoked' }] }) // probed again, the same
    expect((await get(held.detail.id)).status).toBe('issued')
    const [notice, ...more] = await noticesOf(held.detail.id)
    expect([notice?.title.en, more.length]).toEqual([expect.stringContaining(`${name}:${server.port}`), 0])
    await server.close()
  })

  test('a chain that lacks its intermediate: an upload is completed when that is asked for, and the remedy names what a server leaves out', async () => {
    const issuerPath = `/issuer-${(count += 1)}.crt`
    const below = await createOpensslCa({
      folder: join(folder, `below-${kind}`),
      commonName: 'Intermediate of the test',
      parent: ca,
    })
    const leaf = await below.issue({ name: aSite(service), issuerUrl: `${site.url}${issuerPath}` })
    const wish = { name: 'completed', certificatePem: leaf.pem, privateKeyPem: leaf.keyPem, completeChain: true }
    pages.set(issuerPath, () => ({ body: stranger.der }))
    expect((await refusalOf(account.client.certificates.upload(wish))).code).toBe('badCertificate')
    pages.set(issuerPath, () => ({ body: Buffer.from(below.pem) }))
    clock.advance(HOUR_MS) // a place that gave nothing useful is left alone for a while
    const { id, chainPem, domains } = await account.client.certificates.upload(wish)
    expect(parseChain(chainPem ?? '').map(({ commonName }) => commonName)).toEqual([domains[0], 'Intermediate of the test'])
    // In bulk each by itself: what cannot be completed takes no other with it, and nothing is fetched unless that is asked for.
    const entryOf = ({ pem, keyPem }: OpensslLeaf, name: string) => ({ name, certificatePem: pem, privateKeyPem: keyPem })
    const entries = [
      entryOf(await below.issue({ name: aSite(service), issuerUrl: `${site.url}${issuerPath}` }), 'in bulk'),
      entryOf(await below.issue({ name: aSite(service), issuerUrl: `${site.url}/nothing.crt` }), 'cannot be completed'),
      { name: 'damaged', certificatePem: 'x', privateKeyPem: 'x' },
    ]
    const answer = await account.client.uploads.create({ entries, completeChain: true, dryRun: true })
    expect(answer.outcomes.map(({ result }) => result)).toEqual(['wouldBeStored', 'refused', 'refused'])
    const { outcomes } = await account.client.uploads.create({ entries, completeChain: true })
    const problems = outcomes.map((one) => (one.result === 'refused' ? one.problem.detail : one.result))
    expect(problems).toEqual([
      'stored',
      expect.stringContaining('"CN=Intermediate of the test" could not be had') as string,
      expect.any(String),
    ])
    const [first] = outcomes
    const stored = first?.result === 'stored' ? await get(first.certificateId) : null
    expect(parseChain(stored?.chainPem ?? '')).toHaveLength(2)
    const asTheyAre = await account.client.uploads.create({ entries: entries.slice(1, 2) })
    expect(asTheyAre.stored).toBe(1)

    const server = await serveTls({ chainPem: leaf.pem, privateKeyPem: leaf.keyPem })
    await account.client.endpoints.create({ certificateId: id, host: domains[0] ?? '', port: server.port })
    const { endpoints } = await account.client.certificates.verify({ id })
    const [seen] = endpoints.flatMap(({ observations }) => observations)
    expect(seen?.verdict).toBe('incompleteChain')
    expect(seen?.remedy.en).toContain('Missing: "CN=Intermediate of the test"')
    expect(seen?.remedy.zh).toContain(`可从 ${site.url}${issuerPath} 获取`)
    await server.close()
  })

  test('a server that shows a certificate that is no DER is untrusted; the proof goes on, and nobody is asked about it', async () => {
    const held = await aServableCertificate(account, aSite(service))
    const name = held.detail.domains[0] ?? ''
    const strange = createSelfSigned({ names: [name] })
    const server = await serveTls({ ...strange, chainPem: toBerCertificate(strange.pem, strange.privateKeyPem) })
    await account.client.endpoints.create({ certificateId: held.detail.id, host: name, port: server.port })
    const { endpoints } = await account.client.certificates.verify({ id: held.detail.id })
    const [seen] = endpoints.flatMap(({ observations }) => observations)
    expect(seen?.verdict).toBe('otherCertificate')
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from revocation_check
      where account_id = ${account.accountId} and sha256 = ${seen?.sha256 ?? ''}`.execute(service.services.db)
    expect([seen?.sha256?.length, rows[0]?.count]).toEqual([64, 0])
    await server.close()
  })

  test('a response that the server staples is believed when its CA signed it', async () => {
    const leaf = await issue(null, { ocspUrl: 'http://ocsp.example.invalid' })
    const { id, domains } = await upload(leaf)
    await round()
    let staple = await ca.respond(leaf, '-nmin', '30')
    const server: Running = await serveTls(
      { chainPem: `${leaf.pem}${ca.pem}`, privateKeyPem: leaf.keyPem },
      {},
      {},
      () => {},
      (_c, _i, done) => done(null, Buffer.from(staple)),
    )
    await account.client.endpoints.create({ certificateId: id, host: domains[0] ?? '', port: server.port })
    await account.client.certificates.verify({ id })
    expect((await get(id)).revocationCheck).toMatchObject({ state: 'good', source: 'staple' })
    await ca.revoke(leaf, 'keyCompromise')
    staple = await stranger.respond(leaf, '-nmin', '30')
    await account.client.certificates.verify({ id })
    expect((await get(id)).status).not.toBe('revoked')
    staple = await ca.respond(leaf, '-nmin', '30')
    await account.client.certificates.verify({ id })
    expect(await get(id)).toMatchObject({
      status: 'revoked',
      revocationCheck: { state: 'revoked', source: 'staple', reason: 'keyCompromise' },
    })
    await server.close()
  })
  test('a stranger that the server sends as the issuer revokes nothing by its staple', async () => {
    const leaf = await issue(null, { ocspUrl: 'http://ocsp.example.invalid' })
    const { id, domains } = await upload(leaf)
    await stranger.revoke(leaf, 'keyCompromise')
    const staple = await stranger.respond(leaf, '-nmin', '30')
    const server = await serveTls(
      { chainPem: `${leaf.pem}${stranger.pem}`, privateKeyPem: leaf.keyPem },
      {},
      {},
      () => {},
      (_c, _i, done) => done(null, Buffer.from(staple)),
    )
    await account.client.endpoints.create({ certificateId: id, host: domains[0] ?? '', port: server.port })
    const { endpoints } = await account.client.certificates.verify({ id })
    expect(endpoints.flatMap(({ observations }) => observations.map(({ verdict }) => verdict))).not.toContain('revoked')
    const { status, revocationCheck } = await get(id)
    expect([status, revocationCheck?.state]).toEqual(['issued', 'unknown'])
    await server.close()
  })
})
