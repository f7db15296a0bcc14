import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { NoticeKindView, NoticeView } from '@evercert/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSite } from '../../../../test/e2e/support/site.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import {
  aForm,
  anAccount,
  anIssuedCertificate,
  aSite,
  buyCertificate,
  moveIntoWindow,
  obtain,
  PRIVATE_SINGLE,
  type TestAccount,
} from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase, temporaryFolder } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

/** What happens is told in the transaction that records it. The worker runs. */
oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  // A renewal is proved by a handshake, for which the machine's own clock counts: what is issued here must be valid by that one.
  const clock = createClock(Date.now() - 366 * DAY_MS)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  const noticesOf = async (certificateId: string, kind: NoticeKindView): Promise<NoticeView[]> =>
    (await account.client.notices.list({ certificateId })).items.filter((notice) => notice.kind === kind)
  const waitForNotice = (certificateId: string, kind: NoticeKindView) =>
    waitFor(`a notice "${kind}"`, async () => (await noticesOf(certificateId, kind))[0] ?? null)

  test('an application that the CA refused, with its reason and names', async () => {
    const { client } = account
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const site = aSite(service)
    await client.applications.submit({ id, ...aForm([site], { validationMethod: 'dnsManual' }) })
    await waitFor('the order to be placed', async () =>
      (await client.applications.get({ id })).validations.length > 0 ? true : null,
    )
    clock.advanceDays(4) // the CA's token lives three days
    for (const { location, content } of (await client.applications.get({ id })).validations)
      service.dns.add(location, 'TXT', content)
    await client.applications.check({ id })
    const notice = await waitForNotice(id, 'applicationRefused')
    expect(notice.text.en).toContain(site)
    expect(notice.text.en).toContain('3 days')
    expect(notice.text.zh).toContain('重新提交')
  })

  test('a deployment that failed for good, with its target; again when it was tried again in vain', async () => {
    const { client } = account
    const certificate = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    const folder = join(temporaryFolder(), 'site')
    const config = { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
    const wish = { certificateId: certificate.id, name: `t-${certificate.id}`, kind: 'localFiles', config }
    const target = await client.targets.create(wish)
    const notice = await waitForNotice(certificate.id, 'deploymentFailed')
    expect(notice.title.en).toContain(target.name)
    expect(notice.text.en).toContain(certificate.domains[0])
    await client.targets.deploy({ id: target.id })
    await waitFor('the second notice', async () =>
      (await noticesOf(certificate.id, 'deploymentFailed')).length === 2 ? true : null,
    )
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o755)
    await client.targets.deploy({ id: target.id })
    await waitFor('the deployment', async () =>
      (await client.targets.list()).items.find(({ id }) => id === target.id)?.deployment?.state === 'applied' ? true : null,
    )
    expect(await noticesOf(certificate.id, 'deploymentFailed')).toHaveLength(2)
  })

  test('a renewal that is not served asks for a person; the old one goes on being told until it is, and then no more', async () => {
    const { client } = account
    const site = await startSite(join(temporaryFolder(), 'site'), '127.0.0.1')
    const old = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    const serverName = old.domains[0] ?? ''
    const target = await client.targets.create({
      certificateId: old.id,
      name: `site ${serverName}`,
      kind: 'localFiles',
      config: { ...site.target },
    })
    await waitFor('the old one to be installed', async () =>
      (await client.targets.list()).items.find(({ id }) => id === target.id)?.deployment?.state === 'applied' ? true : null,
    )
    await client.endpoints.create({ certificateId: old.id, host: '127.0.0.1', port: site.port, serverName })
    await waitFor('the old one to be served', async () => (await client.certificates.get({ id: old.id })).servedAt)
    await client.targets.remove({ id: target.id }) // from here on a person would have to install
    const waitForLeads = (count: number) =>
      waitFor(`${count} leads`, async () => {
        const told = await noticesOf(old.id, 'expiry')
        return told.length === count ? told[0]?.text.en : null
      })
    moveIntoWindow(service, old, 20)
    expect(await waitForLeads(1)).toContain('It is not renewed')
    const created = await buyCertificate(account, { renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    moveIntoWindow(service, old, 12)
    expect(await waitForLeads(2)).toContain('under way')
    await obtain(account, created.id, aForm([serverName]))
    await waitFor('attention', async () => {
      clock.advance(30_000)
      return (await client.certificates.get({ id: created.id })).renewalProcess?.state === 'attention' ? true : null
    })
    const attention = await waitForNotice(created.id, 'renewalAttention')
    expect(attention.text.en).toContain('oldCertificate')
    clock.moveTo(Date.parse(old.notAfter ?? '') - 6.9 * DAY_MS)
    expect(await waitForLeads(3)).toContain('not seen at every site')
    await client.targets.create({
      certificateId: created.id,
      name: `again ${serverName}`,
      kind: 'localFiles',
      config: { ...site.target },
    })
    await waitFor('the end of the renewal', async () => {
      clock.advance(60_000)
      return (await client.certificates.get({ id: created.id })).renewalProcess?.state === 'closed' ? true : null
    })
    clock.moveTo(Date.parse(old.notAfter ?? '') + 2 * DAY_MS)
    await waitFor('the old one not to be looked at any more', async () => {
      const row = await service.services.db
        .selectFrom('certificate')
        .select('next_notice_at')
        .where('id', '=', old.id)
        .executeTakeFirst()
      return row?.next_notice_at === null ? true : null
    })
    expect(await noticesOf(old.id, 'expiry')).toHaveLength(3)
    expect(await noticesOf(old.id, 'expired')).toEqual([])
    await site.stop()
  })
})
