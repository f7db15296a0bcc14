/** The forecast and the funnel of renewals, as a renewal goes on (issue 4, part 6). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sumUpTallies } from '../../src/db/certificate-tally.ts'
import {
  aForeignCertificate,
  aForm,
  aSite,
  anAccount,
  anUpload,
  obtain,
  PRIVATE_SINGLE,
  type TestAccount,
} from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open() })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  /** The first steps that are done. */
  const done = async (): Promise<string[]> =>
    (await account.client.certificates.firstSteps({})).steps.filter(({ isDone }) => isDone).map(({ step }) => step)

  const waiting = async (): Promise<Record<string, number>> => {
    const { stages } = await account.client.certificates.funnel({})
    return Object.fromEntries(stages.filter(({ waiting: count }) => count > 0).map(({ stage, waiting: count }) => [stage, count]))
  }

  test('the funnel says where each renewal waits, and the list finds it there', async () => {
    const { client } = account
    expect(await done()).toEqual([])
    const old = await anUpload(account, { name: 'shop', daysLeft: 20 })
    await anUpload(account, { name: 'far from its window', daysLeft: 150 })
    expect(await client.certificates.funnel({})).toMatchObject({
      entered: 1,
      stages: [{ stage: 'ordered', reached: 0, waiting: 1 }, {}, {}, {}, {}, {}],
    })
    expect(await done()).toEqual(['certificate', 'issued'])
    const order = await client.orders.place({ renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    expect(await waiting()).toEqual({ paid: 1 })
    const { certificateId: renewalId } = await client.orders.pay({ id: order.id, method: 'balance' })
    expect(await waiting()).toEqual({ applied: 1 })
    const { items } = await client.certificates.list({ waitsFor: 'applied' })
    expect(items.map(({ id }) => id)).toEqual([old.id, renewalId])
    expect((await client.certificates.list({ waitsFor: 'ordered' })).items).toEqual([])
    await obtain(account, renewalId ?? '', aForm([aSite(service)]))
    expect(await waiting()).toEqual({ installed: 1 }) // nobody told where it is installed
    expect(await done()).toEqual(['certificate', 'issued', 'renewed'])
    const { db } = service.services
    await db
      .updateTable('certificate')
      .set({ served_at: new Date(service.clock.now()) })
      .where('id', '=', renewalId)
      .execute()
    expect(await done()).toEqual(['certificate', 'issued', 'renewed', 'proved'])
    // Its site was seen to serve the old one, which was right then: that proves nothing of the new one.
    const endpoint = {
      id: 'end_seen',
      account_id: account.accountId,
      certificate_id: renewalId ?? '',
      host: 'shop.test',
      port: 1,
    }
    const now = new Date(service.clock.now())
    await db
      .insertInto('endpoint')
      .values({ ...endpoint, server_name: 'shop.test', verdict: 'served', probed_at: now, created_at: now })
      .execute()
    const said = JSON.stringify({ en: '', zh: '' })
    const seen = { address: '192.0.2.1', verdict: 'served', chain_sha256: [], cause: said, remedy: said, observed_at: now }
    await db
      .insertInto('observation')
      .values({ ...seen, endpoint_id: endpoint.id, account_id: account.accountId, certificate_id: old.id })
      .execute()
    expect((await client.endpoints.map()).items).toMatchObject([{ verdict: 'oldCertificate' }])
    await db.updateTable('observation').set({ certificate_id: endpoint.certificate_id }).execute()
    expect((await client.endpoints.map()).items).toMatchObject([{ verdict: 'served' }])
    await db.deleteFrom('observation').execute()
    await db.deleteFrom('endpoint').execute()
    const { entered, stages } = await client.certificates.funnel({})
    expect([entered, ...stages.map(({ reached }) => reached)]).toEqual([1, 1, 1, 1, 1, 1, 1])
  })

  test('the forecast counts what is to be renewed, each lineage once, and forgets what was revoked or deleted', async () => {
    const other = await anAccount(service)
    const { client } = other
    const old = await anUpload(other, { daysLeft: 20 })
    const short = await anUpload(other, {
      leaf: aForeignCertificate(service, { notBefore: service.clock.now(), notAfter: service.clock.now() + 5 * 86_400_000 }),
    })
    expect(await client.certificates.forecast({ months: 1 })).toMatchObject({ certificates: 2, months: [{}] })
    const order = await client.orders.place({ renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    const { certificateId } = await client.orders.pay({ id: order.id, method: 'balance' })
    expect(await client.certificates.forecast({ months: 1 })).toMatchObject({ certificates: 2 }) // not issued: the old one is still to be renewed
    await obtain(other, certificateId ?? '', aForm([aSite(service)]))
    await client.certificates.remove({ id: short.id })
    await sumUpTallies(service.services.db)
    const { certificates, months } = await client.certificates.forecast({ months: 24 })
    expect(certificates).toBe(1)
    // A year from a private CA, renewed 30 days before its end: once a year.
    expect(months.reduce((sum, { renewals }) => sum + renewals, 0)).toBe(2)
  })
})
