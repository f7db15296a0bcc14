import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createClient } from '@evercert/contract/client'
import { DAY_MS } from '../../src/domain/time.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import type { Caller } from '../../src/services/context.ts'
import { draftQuoted, placeOrder } from '../../src/services/orders.ts'
import {
  aForeignCertificate,
  aForm,
  anAccount,
  anUpload,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  refusalOf,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase, isPostgres, temporaryFolder } from '../support/databases.ts'
import { outcomeOf, untilItWaits } from '../support/lock-waits.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

eachDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
  })
  beforeEach(async () => {
    clock.moveTo(DEFAULT_START)
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)
  const get = (id: string) => account.client.certificates.get({ id })
  const remove = (id: string) => account.client.certificates.remove({ id })
  const listed = async (filter: Parameters<typeof account.client.certificates.list>[0] = {}) =>
    (await account.client.certificates.list(filter)).items.map(({ id }) => id)

  async function issue(wish?: Parameters<typeof buyCertificate>[1], domains = [aSite(service)]) {
    const { id } = await buyCertificate(account, wish)
    await account.client.applications.submit({ id, ...aForm(domains) })
    await advance(id)
    return get(id)
  }

  async function storedSecrets(): Promise<number> {
    const { rows } = await sql<{ count: number }>`select
      (select count(*) from secret where account_id = ${account.accountId} and purpose = 'privateKey')::int
      + (select count(*) from private_key where account_id = ${account.accountId})::int as count`.execute(service.services.db)
    return rows[0]?.count ?? Number.NaN
  }

  test('its keys are destroyed for good, its history stays, and it is found by its id and by its status alone', async () => {
    const upload = await anUpload(account)
    expect(await storedSecrets()).toBe(2)
    await remove(upload.id)
    expect(await storedSecrets()).toBe(0)
    expect(await listed()).toEqual([])
    expect(await listed({ status: 'closed' })).toEqual([upload.id])
    const { status, history, chainPem, sha256 } = await get(upload.id)
    expect({ status, chainPem, sha256 }).toEqual({ status: 'closed', chainPem: null, sha256: null })
    expect(history.map(({ to }) => to)).toEqual(['deleted', 'uploaded'])
    expect(history[0]?.detail).toContain(upload.sha256)
  })

  test('deleted by mistake, it can be uploaded again under its name', async () => {
    const leaf = aForeignCertificate(service)
    const first = await anUpload(account, { name: 'shop', leaf })
    await remove(first.id)
    const second = await anUpload(account, { name: 'shop', leaf })
    expect(second.sha256).toBe(first.sha256)
    expect(await listed()).toEqual([second.id])
  })

  test('two deletions at once are one, and a third changes nothing', async () => {
    const { id } = await anUpload(account)
    await Promise.all([remove(id), remove(id)])
    await remove(id)
    expect((await get(id)).history.filter(({ to }) => to === 'deleted')).toHaveLength(1)
  })

  test('what the CA refused is deleted as it would be cancelled: the money comes back, once, and who may not spend is refused', async () => {
    const balance = async () => (await account.client.balance.get()).balances[0]?.amountMinor ?? 0
    const { id } = await buyCertificate(account)
    const before = (await balance()) + 10_000
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    const { db } = service.services
    await db.updateTable('application').set({ state: 'reviewFailed' }).where('certificate_id', '=', id).execute()
    const { nextStep } = await get(id)
    expect(nextStep.text.en).toMatch(/submit it again, or delete the certificate\.$/)
    const { token } = await account.client.tokens.create({ name: 'ops', scopes: ['certificates:read', 'certificates:write'] })
    const narrow = createClient({ url: service.url, token })
    expect(await refusalOf(narrow.certificates.remove({ id }))).toMatchObject({ code: 'forbidden' })
    const { ending } = await remove(id)
    expect(ending).toMatchObject({ status: 'cancelled', refund: { amountMinor: 10_000 }, order: { state: 'refunded' } })
    expect((await remove(id)).ending).toMatchObject({ status: 'cancelled', refund: { amountMinor: 10_000 } })
    expect(await balance()).toBe(before)
    expect(await listed()).toEqual([])
  })

  test('what was revoked in time for a refund is not deleted with its money, unless who may spend says so', async () => {
    const { id } = await issue()
    await account.client.certificates.revoke({ id })
    await advance(id)
    expect(await refusalOf(remove(id))).toMatchObject({
      code: 'refundAvailable',
      status: 409,
      facts: { possible: ['refund', 'deleteWithoutRefund'] },
    })
    const { token } = await account.client.tokens.create({ name: 'revoker', scopes: ['certificates:read', 'certificates:write'] })
    const narrow = createClient({ url: service.url, token })
    const withoutRefund = { id, withoutRefund: true }
    expect(await refusalOf(narrow.certificates.remove(withoutRefund))).toMatchObject({ code: 'forbidden' })
    await account.client.certificates.remove(withoutRefund)
    expect(await get(id)).toMatchObject({ status: 'closed' })
  })

  test('what uses it is named: targets, sites, renewals, applications', async () => {
    const { id } = await anUpload(account, { daysLeft: 20 })
    const config = { certificatePath: `${temporaryFolder()}/a.pem`, keyPath: `${temporaryFolder()}/a.key` }
    const target = await account.client.targets.create({ certificateId: id, name: 'a server', kind: 'localFiles', config })
    const endpoint = await account.client.endpoints.create({ certificateId: id, host: 'a.example.com', port: 8443 })
    const order = await account.client.orders.place(
      { renewsCertificateId: id, productId: 'evercert-private-dv-single' },
      withKey(),
    )
    const { renewalProcess } = await get(id)
    const inUse = await refusalOf(remove(id))
    expect(inUse).toMatchObject({ code: 'certificateInUse', status: 409 })
    expect(inUse.facts).toEqual({
      targets: ['a server'],
      endpoints: ['a.example.com:8443'],
      renewals: [renewalProcess?.id],
      application: [],
    })
    await account.client.targets.remove({ id: target.id })
    await account.client.endpoints.remove({ id: endpoint.id })
    await account.client.orders.cancel({ id: order.id })
    await remove(id)
    expect((await get(id)).status).toBe('closed')
  })

  test('the one that renewed it keeps its place, its key, its period and its targets', async () => {
    const old = await issue()
    const folder = temporaryFolder()
    const config = { certificatePath: `${folder}/a.pem`, keyPath: `${folder}/a.key` }
    await account.client.targets.create({ certificateId: old.id, name: 'a server', kind: 'localFiles', config })
    await advance(old.id)
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const renewed = await issue({ renewsCertificateId: old.id }, old.domains)
    const { db } = service.services
    await db
      .updateTable('certificate')
      .set({ served_at: new Date(clock.now()) })
      .where('id', '=', renewed.id)
      .execute()
    await advance(renewed.id)
    clock.moveTo(Date.parse(old.notAfter ?? '') + DAY_MS)
    const before = await get(renewed.id)
    await remove(old.id)
    expect(await listed()).toEqual([renewed.id])
    const { entitlement, targets, renewsCertificateId, isNew, renewalProcess } = await get(renewed.id)
    expect({ entitlement, targets, renewsCertificateId, isNew }).toEqual({
      entitlement: before.entitlement,
      targets: before.targets,
      renewsCertificateId: old.id,
      isNew: false, // what it was the new one of is gone
    })
    expect(before.isNew).toBe(true)
    expect(renewalProcess?.state).toBe('closed')
    expect(await storedSecrets()).toBe(2)
    clock.moveTo(Date.parse(renewed.notAfter ?? '') - 12 * DAY_MS)
    expect((await get(renewed.id)).renewal.eligible).toBe(true)
  })

  test('a cancelled certificate leaves no key behind', async () => {
    const { id } = await buyCertificate(account)
    await account.client.applications.submit({ id, ...aForm([aSite(service)], { validationMethod: 'dnsManual' }) })
    await advance(id)
    expect(await storedSecrets()).toBe(2)
    await account.client.certificates.cancel({ id }, withKey())
    expect(await storedSecrets()).toBe(0)
    expect(await listed()).toEqual([])
    expect(await listed({ status: 'cancelled' })).toEqual([id])
  })

  const callerOf = ({ accountId }: TestAccount): Caller => ({ accountId, tokenId: 'test', actor: 'test', scopes: new Set() })

  test('a renewal that was looked at before its certificate was deleted is not ordered', async () => {
    const { id } = await anUpload(account, { daysLeft: 20 })
    const { services } = service
    const caller = callerOf(account)
    const draft = await draftQuoted(services, caller, { renewsCertificateId: id, productId: PRIVATE_SINGLE })
    await remove(id)
    const placing = services.db.transaction().execute((trx) => placeOrder(services, trx, caller, draft))
    await expect(placing).rejects.toMatchObject({ code: 'conflict', stale: true })
    const again = draftQuoted(services, caller, { renewsCertificateId: id, productId: PRIVATE_SINGLE })
    await expect(again).rejects.toMatchObject({ code: 'certificateNotIssued' })
    expect((await account.client.orders.list({})).items).toEqual([])
  })

  test('who deletes a certificate while its renewal is being ordered is refused, and the renewal is paid and goes on', async () => {
    const { id } = await anUpload(account, { daysLeft: 20 })
    const { services } = service
    const caller = callerOf(account)
    const draft = await draftQuoted(services, caller, { renewsCertificateId: id, productId: PRIVATE_SINGLE })
    const { order, deleting } = await services.db.transaction().execute(async (trx) => {
      const placed = await placeOrder(services, trx, caller, draft)
      const removing = outcomeOf(remove(id))
      if (isPostgres(kind)) await untilItWaits(service, removing)
      return { order: placed, deleting: removing }
    })
    expect(await deleting).toEqual({ code: 'certificateInUse' })
    expect(await account.client.orders.pay({ id: order.id }, withKey())).toMatchObject({ state: 'paid' })
    expect(await get(id)).toMatchObject({ status: 'expiringSoon', renewalProcess: { state: 'open' } })
  })

  test('its name is free for another, and nothing is installed or applied for any more', async () => {
    const { id, name } = await anUpload(account, { name: 'web' })
    await remove(id)
    expect((await refusalOf(account.client.endpoints.create({ certificateId: id, host: 'a.example.com' }))).code).toBe(
      'alreadyEnded',
    )
    expect((await refusalOf(account.client.applications.submit({ id, ...aForm(['a.example.com']) }))).code).toBe('conflict')
    expect((await anUpload(account, { name })).name).toBe('web')
  })
})
