import { sql } from 'kysely'
import type { CertificateDetail } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import { AppError } from '../../src/domain/errors.ts'
import type { CaAdapter } from '../../src/ports/ca.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import type { StepHook } from '../../src/services/context.ts'
import { expireUnpaidOrders } from '../../src/services/unpaid-orders.ts'
import {
  aForm,
  anAccount,
  anUpload,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  PUBLIC_SINGLE,
  refusalOf,
  topUp,
  TRIAL_SINGLE,
  withKey,
  type OrderWish,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** The same CA, on a day on which it takes no orders. */
const failingWith =
  (code: 'caRejected' | 'upstreamUnavailable') =>
  (adapter: CaAdapter): CaAdapter => ({
    ...adapter,
    create: (config, kit) => ({
      ...adapter.create(config, kit),
      placeOrder: () => Promise.reject(new AppError(code, 'Ordering from the CA: not today.')),
    }),
  })

const LIMIT = { amountMinor: 10_000, currency: 'CNY' }

eachDatabase((_kind, open) => {
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
  const advanceWith = (code: 'caRejected' | 'upstreamUnavailable', id: string): Promise<void> => {
    const { adapters } = service.services
    const failing = { ...service.services, adapters: { ...adapters, ca: adapters.ca.map(failingWith(code)) } }
    return advanceCertificate(failing, id, new AbortController().signal)
  }
  const read = (id: string) => account.client.certificates.get({ id })

  /** Bought, applied for and issued, by hand: no worker runs. */
  async function issue(wish: OrderWish = { productId: PRIVATE_SINGLE }): Promise<CertificateDetail> {
    const { id } = await buyCertificate(account, wish)
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    await advance(id)
    return read(id)
  }

  async function manage(id: string, spendingLimit = LIMIT): Promise<CertificateDetail> {
    return account.client.management.start({ id, spendingLimit })
  }

  const charges = async (): Promise<number[]> =>
    (await account.client.balance.get()).entries.filter(({ kind }) => kind === 'payment').map(({ amount }) => amount.amountMinor)

  /** To the instant at which it acts by itself. */
  function moveToPlan({ management }: CertificateDetail): void {
    clock.moveTo(Date.parse(management?.at ?? ''))
  }

  test('says in advance what it does by itself, when, and for how much', async () => {
    const managed = await manage((await issue()).id)
    expect(managed).toMatchObject({ managed: true, management: { spendingLimit: LIMIT, nextAction: 'renew', problem: null } })
    const at = Date.parse(managed.management?.at ?? '')
    const opensAt = Date.parse(managed.renewal.opensAt ?? '')
    expect(at).toBeGreaterThanOrEqual(opensAt)
    expect(at).toBeLessThan(opensAt + 10 * DAY_MS)
    expect((await manage(managed.id)).management?.at).toBe(managed.management?.at)
  })

  test('renews by itself: one charge, the form of last time, and the successor is managed in its place', async () => {
    const old = await manage((await issue()).id)
    clock.moveTo(Date.parse(old.management?.at ?? '') - 3_600_000)
    await advance(old.id)
    expect(await charges()).toHaveLength(1)

    moveToPlan(old)
    await Promise.all([advance(old.id), advance(old.id)])
    const renewed = await read(old.id)
    expect(renewed).toMatchObject({ managed: false, management: null })
    expect(await charges()).toHaveLength(2)
    const newId = renewed.renewedByCertificateId ?? ''
    await advance(newId)
    const fresh = await read(newId)
    expect(fresh).toMatchObject({ status: 'issued', managed: true, domains: old.domains, management: { spendingLimit: LIMIT } })
    expect(fresh.entitlement?.toppedUpDays).toBeGreaterThan(0)
    expect(fresh.history.map(({ actor }) => actor)).not.toContain('test')
  })

  test('reissues at no charge by itself while the paid period goes on', async () => {
    const old = await manage((await issue({ productId: PUBLIC_SINGLE })).id)
    expect(old.management).toMatchObject({ nextAction: 'reissue' })
    moveToPlan(old)
    await advance(old.id)
    const again = await read(old.id)
    expect(again.sha256).not.toBe(old.sha256)
    expect(again.managed).toBe(true)
    expect(await charges()).toHaveLength(1)
  })

  test('of a brand that is not renewed it is reissued within what is paid for, says in advance that it ends then and why, and is managed no more after', async () => {
    const old = await manage((await issue({ productId: TRIAL_SINGLE })).id)
    const until = (old.entitlement?.entitledUntil ?? '').slice(0, 10)
    expect(old.management).toMatchObject({ nextAction: 'reissue', foreseen: { code: 'renewalBrandUnsupported' } })
    for (const text of Object.values(old.management?.foreseen?.text ?? {}))
      expect(text).toMatch(new RegExp(`${until}.*Evercert Trial`, 's'))
    moveToPlan(old)
    expect((await read(old.id)).nextStep).toMatchObject({ code: 'managed', mover: 'evercert' })
    expect((await read(old.id)).nextStep.text.en).toContain(old.management?.foreseen?.text.en)
    await advance(old.id)
    const again = await read(old.id)
    expect(again.sha256).not.toBe(old.sha256)
    expect(again).toMatchObject({ managed: true, management: { foreseen: old.management?.foreseen } })
    const { db } = service.services
    await sql`update entitlement set entitled_until = ${again.notAfter} where certificate_id = ${old.id}`.execute(db) // as after its last reissue
    expect((await read(old.id)).management).toMatchObject({ nextAction: null, foreseen: { code: 'renewalBrandUnsupported' } })
    await account.client.management.stop({ id: old.id })
    expect(await refusalOf(manage(old.id))).toMatchObject({ code: 'notManageable', facts: { obstacles: ['brandUnsupported'] } })
  })

  test('a price above the limit is not paid: it says so, nothing is ordered, and a raised limit goes on at once', async () => {
    const old = await manage((await issue()).id, { ...LIMIT, amountMinor: 9_999 })
    expect(old.management).toMatchObject({ nextAction: 'renew', problem: null, foreseen: { code: 'spendingLimit' } })
    moveToPlan(old)
    // Said before it is tried, as the act decides it, on the page and in the list.
    const before = await read(old.id)
    expect(before.nextStep).toMatchObject({ code: 'managedBlocked', mover: 'user' })
    expect(before.nextStep.text.en).toMatch(/could not renew by itself.+costs CN¥100\.00 now.+allows CN¥99\.99.+raise the limit/)
    expect(before.nextStep.text.zh).toMatch(/¥100\.00.+¥99\.99/)
    const { items } = await account.client.certificates.list({})
    expect(items.map(({ nextStep }) => nextStep)).toEqual([before.nextStep])
    expect((await manage(old.id)).management?.foreseen).toBeNull()
    await manage(old.id, { ...LIMIT, amountMinor: 9_999 })
    await advance(old.id)
    const blocked = await read(old.id)
    expect(blocked).toMatchObject({
      managed: true,
      management: { problem: { code: 'spendingLimit' } },
      nextStep: { code: 'managedBlocked', mover: 'user' },
      renewedByCertificateId: null,
    })
    expect(await charges()).toHaveLength(1)
    expect(blocked.history.some(({ subject, to }) => subject === 'management' && to === 'failed')).toBe(true)
    await manage(old.id)
    await advance(old.id)
    expect((await read(old.id)).renewedByCertificateId).not.toBeNull()
  })

  test('an empty balance leaves no order behind, and money that comes in is used at once', async () => {
    account = await anAccount(service, { balanceMinor: 10_000 })
    const old = await manage((await issue()).id)
    moveToPlan(old)
    await advance(old.id)
    expect(await read(old.id)).toMatchObject({
      management: { problem: { code: 'paymentRequired' } },
      renewedByCertificateId: null,
    })
    expect((await account.client.orders.list({})).items).toHaveLength(1)
    await topUp(account, 10_000)
    await advance(old.id)
    expect((await read(old.id)).renewedByCertificateId).not.toBeNull()
    expect(await charges()).toHaveLength(2)
  })

  test('a failed step is tried again later, not at once', async () => {
    const old = await manage((await issue()).id, { ...LIMIT, amountMinor: 0 })
    moveToPlan(old)
    await advance(old.id)
    await advance(old.id)
    const failures = (await read(old.id)).history.filter(({ subject, to }) => subject === 'management' && to === 'failed')
    expect(failures).toHaveLength(1)
    expect(Date.parse((await read(old.id)).management?.at ?? '')).toBeGreaterThan(clock.now())
  })

  test('the scan finds it when it is due, and not before', async () => {
    const old = await manage((await issue()).id)
    await advance(old.id)
    const due = await sql<{ advance_at: Date | null }>`select advance_at from certificate where id = ${old.id}`.execute(
      service.services.db,
    )
    expect(due.rows[0]?.advance_at?.toISOString()).toBe(old.management?.at)
  })

  test('an application that the CA refused is shown with its reason and sent again by itself; success forgets it', async () => {
    const old = await manage((await issue({ productId: PUBLIC_SINGLE })).id)
    moveToPlan(old)
    await advance(old.id)
    const first = await read(old.id)
    clock.moveTo(Date.parse(first.management?.at ?? ''))
    await advanceWith('caRejected', old.id)
    const refused = await read(old.id)
    expect(refused).toMatchObject({
      sha256: first.sha256,
      management: { nextAction: 'reissue', problem: { code: 'caRejected' } },
      nextStep: { code: 'managedBlocked' },
    })
    moveToPlan(refused)
    await advance(old.id)
    const again = await read(old.id)
    expect(again.sha256).not.toBe(first.sha256)
    expect(again.management).toMatchObject({ problem: null })
  })

  test('its application is not withdrawn while it would apply again by itself', async () => {
    const old = await manage((await issue()).id)
    moveToPlan(old)
    await advance(old.id)
    const newId = (await read(old.id)).renewedByCertificateId ?? ''
    await advanceWith('upstreamUnavailable', newId)
    expect(await refusalOf(account.client.applications.withdraw({ id: newId }))).toMatchObject({ code: 'managedCertificate' })
    await account.client.management.stop({ id: newId })
    expect(await account.client.applications.withdraw({ id: newId })).toMatchObject({ state: 'withdrawn' })
  })

  test('stops when told, and then does nothing by itself', async () => {
    const old = await manage((await issue()).id)
    expect(await account.client.management.stop({ id: old.id })).toMatchObject({ managed: false, management: null })
    moveToPlan(old)
    await advance(old.id)
    expect(await charges()).toHaveLength(1)
    expect(await account.client.management.stop({ id: old.id })).toMatchObject({ managed: false })
  })

  test('a renewal by hand of a managed certificate passes it on too; cancelling it gives it back', async () => {
    const old = await manage((await issue()).id)
    clock.moveTo(Date.parse(old.renewal.opensAt ?? ''))
    const fresh = await buyCertificate(account, { renewsCertificateId: old.id })
    expect(fresh).toMatchObject({ managed: true, management: { nextAction: 'apply' } })
    const ended = await account.client.certificates.cancel({ id: fresh.id, withoutRefund: false })
    expect(await read(fresh.id)).toMatchObject({ managed: false, status: 'cancelled' })
    const back = await read(old.id)
    expect(back).toMatchObject({
      managed: true,
      management: { spendingLimit: LIMIT, nextAction: 'renew', problem: null },
      renewal: { eligible: true },
      nextStep: { code: 'managed', mover: 'evercert' },
    })
    expect(ended).toMatchObject({ oldCertificateId: old.id, oldActsAt: back.management?.at })
    expect(back.history).toContainEqual(
      expect.objectContaining({
        subject: 'management',
        to: 'managed',
        detail: `at most CN¥100.00 for each renewal; given back by ${fresh.id}`,
      }),
    )
  })

  test.each(['cancel', 'refund'] as const)(
    'what it bought is not bought again at once after %s, but a day later',
    async (way) => {
      const old = await manage((await issue()).id)
      moveToPlan(old)
      await advance(old.id)
      const newId = (await read(old.id)).renewedByCertificateId ?? ''
      await account.client.certificates[way]({ id: newId })
      const back = await read(old.id)
      expect(Date.parse(back.management?.at ?? '') - clock.now()).toBeGreaterThan(DAY_MS - 60_000)
      await advance(old.id)
      expect(await charges()).toHaveLength(2)
      moveToPlan(back)
      await advance(old.id)
      expect(await charges()).toHaveLength(3)
      expect((await read(old.id)).renewedByCertificateId).not.toBe(newId)
    },
  )

  test('nothing is given back to one that has expired, nor by one that was not managed any more', async () => {
    const old = await manage((await issue()).id)
    clock.moveTo(Date.parse(old.renewal.opensAt ?? ''))
    const fresh = await buyCertificate(account, { renewsCertificateId: old.id })
    clock.moveTo(Date.parse(old.notAfter ?? '') + 1000)
    const ended = await account.client.certificates.cancel({ id: fresh.id, withoutRefund: true })
    expect(ended.oldActsAt).toBeNull()
    expect(await read(old.id)).toMatchObject({ managed: false, status: 'expired' })

    clock.moveTo(DEFAULT_START)
    const other = await manage((await issue()).id)
    clock.moveTo(Date.parse(other.renewal.opensAt ?? ''))
    const stopped = await buyCertificate(account, { renewsCertificateId: other.id })
    await account.client.management.stop({ id: stopped.id })
    await account.client.certificates.cancel({ id: stopped.id })
    expect(await read(other.id)).toMatchObject({ managed: false, renewal: { eligible: true } })
  })

  test('a renewal by hand that nobody pays stops it only as long as its order lives', async () => {
    const old = await manage((await issue()).id)
    const dueAt = async (): Promise<Date | null | undefined> =>
      (
        await sql<{ advance_at: Date | null }>`select advance_at from certificate where id = ${old.id}`.execute(
          service.services.db,
        )
      ).rows[0]?.advance_at
    for (const end of ['cancelled', 'expired'] as const) {
      moveToPlan(await read(old.id))
      const { id } = await account.client.orders.place({ renewsCertificateId: old.id }, withKey())
      await advance(old.id)
      expect((await dueAt())?.getTime()).toBeGreaterThan(clock.now() + DAY_MS - 60_000) // whoever ordered has a day to pay
      if (end === 'cancelled') await account.client.orders.cancel({ id })
      else {
        clock.moveTo(clock.now() + DAY_MS)
        await expireUnpaidOrders(service.services)
      }
      expect((await account.client.orders.get({ id })).state).toBe(end)
      expect(await dueAt()).not.toBeNull() // the scan finds it
    }
    await advance(old.id)
    expect((await read(old.id)).renewedByCertificateId).not.toBeNull()
  })

  test('an invoice that nobody pays does not hold it up in silence: a person is told, and cancelling the order goes on', async () => {
    const invoice = { instructions: 'Bank of Examples', dueDays: 90 }
    await account.client.paymentConnections.create({
      id: 'slow-invoice',
      title: 'Invoice',
      kind: 'offlineInvoice',
      config: invoice,
    })
    const old = await manage((await issue()).id)
    moveToPlan(old)
    const order = await account.client.orders.place({ renewsCertificateId: old.id }, withKey())
    await account.client.orders.pay({ id: order.id, method: 'slow-invoice' }, withKey())
    expect((await account.client.orders.get({ id: order.id })).nextStep).toMatchObject({
      code: 'transfer',
      text: { en: expect.stringContaining('cancel the order to renew it in another way') },
    })
    await advance(old.id)
    expect(await told()).toEqual([])

    clock.moveTo(clock.now() + DAY_MS)
    await expireUnpaidOrders(service.services)
    await advance(old.id)
    await advance(old.id)
    const waiting = await read(old.id)
    expect(waiting).toMatchObject({
      management: { problem: { code: 'renewalUnpaid', detail: expect.stringContaining(order.id) } },
      nextStep: { code: 'pay', mover: 'user', text: { en: expect.stringContaining(`pay order ${order.id} before`) } },
    })
    expect(await told()).toMatchObject([{ certificateId: old.id, text: { en: expect.stringContaining(order.id) } }])

    await account.client.orders.cancel({ id: order.id })
    expect((await read(old.id)).management).toMatchObject({ nextAction: 'renew', problem: null })
    await advance(old.id)
    expect((await read(old.id)).renewedByCertificateId).not.toBeNull()
    expect(await told()).toHaveLength(1)
  })

  test('what only a person can mend is told once for each cause', async () => {
    const old = await manage((await issue()).id, { ...LIMIT, amountMinor: 9_999 })
    for (let tries = 0; tries < 3; tries += 1) {
      moveToPlan(await read(old.id))
      await advance(old.id)
    }
    expect(await told()).toMatchObject([
      {
        kind: 'managedBlocked',
        certificateId: old.id,
        text: { en: expect.stringContaining('raise the limit, or renew it by hand') },
      },
    ])
  })

  test('what passes by itself is told at the third failure, not before', async () => {
    const old = await manage((await issue()).id)
    const onStep: StepHook = (step, moment) => {
      if (step === 'renewManaged' && moment === 'done') throw new AppError('storageUnavailable', 'Paying: the database is away.')
    }
    const counts: number[] = []
    for (let tries = 0; tries < 3; tries += 1) {
      moveToPlan(await read(old.id))
      await advanceCertificate({ ...service.services, onStep }, old.id, new AbortController().signal)
      counts.push((await told()).length)
    }
    expect(counts).toEqual([0, 0, 1])
    expect(await charges()).toHaveLength(1)
  })

  const told = async () => (await account.client.notices.list({})).items.filter(({ kind }) => kind === 'managedBlocked')

  test('one that is renewed already is not managed: the refusal names what renews it; and a managed one is revoked once that is stopped', async () => {
    const old = await issue()
    clock.moveTo(Date.parse(old.renewal.opensAt ?? ''))
    const { id: certificateId, renewalProcess } = await buyCertificate(account, { renewsCertificateId: old.id })
    expect(await refusalOf(manage(old.id))).toMatchObject({
      code: 'alreadyRenewed',
      facts: { certificateId, renewalId: renewalProcess?.id },
    })
    expect(await read(old.id)).toMatchObject({ managed: false, management: null })
    const { id } = await manage((await issue()).id)
    expect(await refusalOf(account.client.certificates.revoke({ id }))).toMatchObject({ facts: { possible: ['stopManaging'] } })
  })

  test('what a person has to do at every renewal is not managed', async () => {
    const upload = await anUpload(account)
    const refusal = (id: string) => refusalOf(manage(id))
    expect(await refusal(upload.id)).toMatchObject({ code: 'notManageable', facts: { obstacles: ['uploaded'] } })
    const { id } = await buyCertificate(account)
    expect(await refusal(id)).toMatchObject({ code: 'notManageable', facts: { obstacles: ['notIssued'] } })
    expect(await refusal('crt_00000000000000000000000000')).toMatchObject({ code: 'notFound' })
    const other = await anAccount(service)
    expect(await refusalOf(other.client.management.start({ id: upload.id, spendingLimit: LIMIT }))).toMatchObject({
      code: 'notFound',
    })
  })
})
