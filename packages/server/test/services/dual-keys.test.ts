/** A real nginx with a certificate for each kind of key: two certificates of the service, each proved, renewed and deployed for itself. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { receiptClaims, type CertificateDetail, type EndpointView, type ReceiptClaims } from '@evercert/contract'
import { verifyHost, type SiteKeyKind } from '@evercert/pki/probe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { startNginx, type Nginx } from '../../../../test/harness/nginx.ts'
import { serveTls } from '../../../pki/test/probe/servers.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { moveSites } from '../../src/services/advance/move-sites.ts'
import {
  aForm,
  anAccount,
  aSite,
  buyCertificate,
  obtain,
  PRIVATE_SINGLE,
  refusalOf,
  type TestAccount,
} from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { aServableCertificate, type ServableCertificate } from '../support/served-certificate.ts'
import { waitFor } from '../support/wait-for.ts'

const foreign = createChain()
const KEYS = { rsa: 'rsa2048', ecdsa: 'p256' } as const

eachDatabase((_kind, open) => {
  // Handshakes are judged by the machine's clock as well: the certificates of a year ago are still valid by it.
  const clock = createClock(Date.now() - 345 * DAY_MS)
  const folder = mkdtempSync(join(tmpdir(), 'evercert-dual-'))
  const files = {
    rsa: { certificatePath: join(folder, 'rsa.pem'), keyPath: join(folder, 'rsa.key') },
    ecdsa: { certificatePath: join(folder, 'ecdsa.pem'), keyPath: join(folder, 'ecdsa.key') },
  }
  const before = { rsa: '', ecdsa: '' }
  let service: TestService
  let account: TestAccount
  let nginx: Nginx
  let name: string
  let alone: ServableCertificate
  const mine = {} as Record<SiteKeyKind, CertificateDetail>

  const write = (kind: SiteKeyKind): string => {
    const leaf = foreign.issue({ names: [name], key: KEYS[kind] })
    writeFileSync(files[kind].certificatePath, leaf.chainPem)
    writeFileSync(files[kind].keyPath, leaf.privateKeyPem)
    return leaf.sha256
  }
  const issue = async (kind: SiteKeyKind): Promise<CertificateDetail> => {
    const { id } = await buyCertificate(account)
    return obtain(account, id, aForm([name], { key: KEYS[kind] }))
  }
  const get = (id: string) => account.client.certificates.get({ id })
  const untilServed = (id: string) =>
    waitFor(`${id} served`, async () => {
      const certificate = await get(id)
      return certificate.servedAt === null ? null : certificate
    })
  const endpointOf = async (certificateId: string): Promise<EndpointView> => {
    const found = (await account.client.endpoints.list()).items.find((each) => each.certificateId === certificateId)
    if (found === undefined) throw new Error(`${certificateId} has no endpoint`)
    return found
  }
  const addEndpoint = (certificateId: string) =>
    account.client.endpoints.create({ certificateId, host: name, port: nginx.httpsPort })
  const addTarget = ({ id }: CertificateDetail, kind: SiteKeyKind, own: boolean) =>
    account.client.targets.create({
      certificateId: id,
      name: `${kind}-${nginx.httpsPort}`,
      kind: 'localFiles',
      config: { ...files[kind], testCommand: nginx.testCommand, reloadCommand: nginx.reloadCommand },
      ...(own && { probe: { host: '127.0.0.1', port: nginx.httpsPort, serverName: name } }),
    })
  const untilProved = (certificateId: string) =>
    waitFor(`the deployment of ${certificateId}`, async () => {
      const target = (await account.client.targets.list()).items.find((each) => each.certificateId === certificateId)
      if (target?.deployment?.state === 'rolledBack') throw new Error(target.deployment.log.join('\n'))
      return target?.deployment?.state === 'proved' ? target.deployment : null
    })
  /** By a handshake of our own. */
  const served = async (onlyKey: SiteKeyKind): Promise<string | null> => {
    const seen = await verifyHost({
      host: '127.0.0.1',
      port: nginx.httpsPort,
      serverName: name,
      expected: { onlyKey },
      concurrency: 1,
      timeoutMs: 4_000,
      now: Date.now(),
    })
    const [observation] = seen.addresses.map((each) => each.observation)
    return observation?.reachable === true && observation.chain[0].keyKind === onlyKey ? observation.chain[0].sha256 : null
  }
  const claimsOf = async (certificateId: string): Promise<ReceiptClaims> => {
    const { items } = await account.client.receipts.list({ id: certificateId })
    const [receipt] = items
    if (receipt === undefined) throw new Error(`${certificateId} has no receipt`)
    return receiptClaims.parse(JSON.parse(Buffer.from(receipt.jws.split('.')[1] ?? '', 'base64url').toString()))
  }
  const reload = () => expect(spawnSync(nginx.reloadCommand[0] ?? '', nginx.reloadCommand.slice(1)).status).toBe(0)
  /** The next look by schedule that sees this. */
  const seeing = (certificateId: string, verdict: string) =>
    waitFor(`${certificateId} ${verdict}`, async () => {
      clock.advance(DAY_MS / 8)
      const endpoint = await endpointOf(certificateId)
      return endpoint.verdict === verdict ? endpoint : null
    })

  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock })
    account = await anAccount(service)
    name = aSite(service)
    alone = await aServableCertificate(account, aSite(service), { productId: PRIVATE_SINGLE }, 'rsa2048')
    for (const kind of ['rsa', 'ecdsa'] as const) before[kind] = write(kind)
    nginx = await startNginx({ ...files.rsa, besides: files.ecdsa, addresses: ['127.0.0.1'] })
  })
  afterAll(async () => {
    await nginx.stop()
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('what a deployment is judged by is the certificate of its kind, whichever the server prefers', async () => {
    for (const kind of ['ecdsa', 'rsa'] as const) {
      mine[kind] = await issue(kind)
      await addTarget(mine[kind], kind, true)
      const { log } = await untilProved(mine[kind].id)
      expect(log.find((line) => line.includes('Before: '))).toContain(before[kind].slice(0, 16))
      expect(await served(kind)).toBe(mine[kind].sha256)
    }
    expect(await served('ecdsa')).toBe(mine.ecdsa.sha256)
  })

  test('a second one is found at the same place, and both are proved there, each for its own kind', async () => {
    const { keyKind } = await addEndpoint(mine.rsa.id)
    expect(keyKind).toBe('rsa')
    await untilServed(mine.rsa.id)
    const found = await account.client.discovery.look({ names: [name], ports: [nginx.httpsPort] })
    expect(found.items).toMatchObject([
      { certificateId: mine.ecdsa.id, matchedBy: 'sha256', addresses: [{ sha256: mine.ecdsa.sha256 }] },
    ])
    const accepted = await account.client.discovery.accept({ id: found.items[0]?.id ?? '' })
    expect(accepted).toMatchObject({ certificateId: mine.ecdsa.id, keyKind: 'ecdsa', host: name })
    expect((await account.client.discovery.look({ names: [name], ports: [nginx.httpsPort] })).items).toEqual([])
    await untilServed(mine.ecdsa.id)
    await account.client.certificates.verify({ id: mine.rsa.id })
    for (const kind of ['rsa', 'ecdsa'] as const)
      expect((await endpointOf(mine[kind].id)).observations.map((each) => [each.sha256, each.keyKind, each.verdict])).toEqual([
        [mine[kind].sha256, kind, 'served'],
      ])
    const claims = await claimsOf(mine.ecdsa.id)
    expect(claims.endpoints.flatMap((each) => each.addresses.flatMap(({ certificates }) => certificates))).toMatchObject([
      { sha256: mine.ecdsa.sha256, keyKind: 'ecdsa' },
    ])
    expect(claims.replaces).toEqual({ sha256: before.ecdsa, basis: 'observed' })
  })

  test('a third one is refused, whatever its key, and so is one that is not issued', async () => {
    for (const kind of ['rsa', 'ecdsa'] as const) {
      const { chainPem: certificatePem, privateKeyPem } = foreign.issue({ names: [name], key: KEYS[kind] })
      const { id } = await account.client.certificates.upload({ name: `third ${kind}`, certificatePem, privateKeyPem })
      const refusal = await refusalOf(addEndpoint(id))
      expect(refusal).toMatchObject({ code: 'duplicateName', status: 409 })
      expect(refusal.detail).toContain(`for another certificate with an ${kind.toUpperCase()} key`)
      expect(refusal.cause.zh).not.toBe('')
    }
    expect((await refusalOf(addEndpoint(mine.rsa.id))).detail).toMatch(/it is here already\.$/)
    const pending = await buyCertificate(account)
    expect((await refusalOf(addEndpoint(pending.id))).detail).toContain('this one is not issued yet')
  })

  test.each(['rsa', 'ecdsa'] as const)(
    'the renewal of the one with the %s key moves, proves and receipts that one alone',
    async (kind) => {
      if (clock.now() < Date.now()) clock.moveTo(Date.now())
      const other = kind === 'rsa' ? 'ecdsa' : 'rsa'
      const [old, beside] = [await get(mine[kind].id), await get(mine[other].id)]
      const oldEndpoint = await endpointOf(old.id)
      const besideEndpoint = await endpointOf(beside.id)
      const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE, renewsCertificateId: old.id })
      const { form } = await account.client.applications.get({ id })
      expect(form.key).toBe(KEYS[kind])
      const refusal = await refusalOf(account.client.applications.submit({ id, ...aForm([name], { key: KEYS[other] }) }))
      expect(refusal).toMatchObject({ code: 'keyKindTaken', status: 409 })
      expect(refusal.remedy.zh).not.toBe('')
      await obtain(account, id, aForm([name], { key: form.key }))
      const renewed = await untilServed(id)
      expect(await served(kind)).toBe(renewed.sha256)
      expect(await served(other)).toBe(beside.sha256)
      await untilProved(id)
      expect(await endpointOf(id)).toMatchObject({ id: oldEndpoint.id, keyKind: kind, verdict: 'served' })
      expect(await endpointOf(beside.id)).toMatchObject({ id: besideEndpoint.id, verdict: 'served' })
      const after = await get(beside.id)
      expect([after.servedAt, after.history.length]).toEqual([beside.servedAt, beside.history.length])
      const claims = await claimsOf(id)
      expect(claims.replaces).toEqual({ sha256: old.sha256, basis: 'observed' })
      expect(claims.endpoints).toMatchObject([{ id: oldEndpoint.id }])
      expect(claims.endpoints[0]?.addresses[0]?.certificates).toMatchObject([{ sha256: renewed.sha256, keyKind: kind }])
      mine[kind] = renewed
    },
  )

  test('by schedule each is looked at for its kind: a stranger beside it, or none, is told of one alone', async () => {
    const stranger = write('ecdsa')
    reload()
    const strayed = await seeing(mine.ecdsa.id, 'otherCertificate')
    expect(strayed.observations).toMatchObject([{ sha256: stranger }])
    expect(strayed.strayedAt).not.toBeNull()
    for (const path of ['certificatePath', 'keyPath'] as const) copyFileSync(files.rsa[path], files.ecdsa[path])
    reload()
    const lacking = await waitFor('none', async () => {
      clock.advance(DAY_MS / 8)
      const endpoint = await endpointOf(mine.ecdsa.id)
      return endpoint.observations[0]?.keyKind === 'rsa' ? endpoint : null
    })
    expect(lacking).toMatchObject({ verdict: 'otherCertificate' })
    expect(lacking.observations[0]?.cause.en).toContain('has no certificate with an ECDSA key')
    expect(lacking.observations[0]?.cause.zh).toContain('没有使用 ECDSA 密钥的证书')
    expect((await get(mine.rsa.id)).history.some(({ to }) => to === 'strayed')).toBe(false)
  })

  test('without another beside it a renewal may change the kind, the old one is told while it is served, and the other kind is free then', async () => {
    clock.moveTo(Date.now()) // the machine's: what is issued now is valid by both
    const [site = ''] = alone.detail.domains
    const first = await serveTls(alone)
    const add = (certificateId: string) => account.client.endpoints.create({ certificateId, host: site, port: first.port })
    expect(await add(alone.detail.id)).toMatchObject({ keyKind: 'rsa' })
    const wish = { productId: PRIVATE_SINGLE, renewsCertificateId: alone.detail.id }
    const renewed = await aServableCertificate(account, site, wish)
    await first.close()
    const both = { cert: [alone.chainPem, renewed.chainPem], key: [alone.privateKeyPem, renewed.privateKeyPem] }
    const server = await serveTls(renewed, both, { port: first.port })
    try {
      expect(await endpointOf(renewed.detail.id)).toMatchObject({ host: site, keyKind: 'ecdsa' })
      const seen = (await account.client.certificates.verify({ id: renewed.detail.id })).endpoints[0]
      expect(seen?.verdict).toBe('oldCertificate')
      expect(seen?.observations.map(({ verdict }) => verdict).toSorted()).toEqual(['oldCertificate', 'served'])
      const { detail: beside } = await aServableCertificate(account, site, { productId: PRIVATE_SINGLE }, 'rsa2048')
      expect(await add(beside.id)).toMatchObject({ certificateId: beside.id, keyKind: 'rsa' })
      // Its CSR was the test's own; what the service would make by itself is of the other kind.
      expect((await account.client.applications.get({ id: beside.id })).form).toMatchObject({ key: 'rsa2048', csrPem: null })
      expect((await account.client.certificates.verify({ id: renewed.detail.id })).servedAt).not.toBeNull()
      // A revoked one has its place until its endpoint is removed: what is filled in by itself can be sent.
      await waitFor('the end of the renewal', async () => {
        const { history } = await get(renewed.detail.id)
        return history.some(({ subject, to }) => subject === 'renewal' && to === 'closed') ? true : null
      })
      await account.client.certificates.revoke({ id: renewed.detail.id, reason: 'superseded' })
      await waitFor('the revocation', async () => ((await get(renewed.detail.id)).status === 'revoked' ? true : null))
      const { form } = await account.client.applications.get({ id: beside.id })
      expect(form.key).toBe('rsa2048')
      await account.client.applications.submit({ id: beside.id, ...form, reissue: true })
    } finally {
      await server.close()
    }
  })

  test('one that came in between keeps the place: the endpoint of the changed key goes, and the timeline says why', async () => {
    const { id: endpointId, certificateId } = await endpointOf(mine.rsa.id)
    const move = { from: certificateId, to: certificateId, accountId: account.accountId, actor: 'evercert', now: clock.now() }
    const kinds = async () =>
      (await account.client.endpoints.list()).items.filter(({ host }) => host === name).map((each) => each.keyKind)
    await service.services.db.transaction().execute((trx) => moveSites(trx, { ...move, keyKind: 'rsa' }))
    expect(new Set(await kinds())).toEqual(new Set(['ecdsa', 'rsa']))
    await service.services.db.transaction().execute((trx) => moveSites(trx, { ...move, keyKind: 'ecdsa' }))
    expect(await kinds()).toEqual(['ecdsa'])
    const { history } = await get(certificateId)
    expect(history.find(({ to, subject }) => to === 'removed' && subject === 'endpoint')?.detail).toContain(
      'another certificate holds it for this kind of key',
    )
    expect((await refusalOf(account.client.endpoints.get({ id: endpointId }))).code).toBe('notFound')
  })
})
