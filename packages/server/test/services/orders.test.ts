import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import { AppError } from '../../src/domain/errors.ts'
import { runOnceWith } from '../../src/services/idempotency.ts'
import { expireUnpaidOrders } from '../../src/services/unpaid-orders.ts'
import { tidyUp } from '../../src/services/scan.ts'
import {
  aForm,
  anAccount,
  anIssuedCertificate,
  anUpload,
  aSite,
  buy,
  buyCertificate,
  moveIntoWindow,
  obtain,
  PRIVATE_MULTI,
  PRIVATE_SINGLE,
  PRIVATE_WILDCARD,
  PUBLIC_SINGLE,
  refusalOf,
  topUp,
  TRIAL_SINGLE,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock()
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: { tidyMs: 2_000_000_000 } })
    account = await anAccount(service)
  })
  beforeEach(() => clock.moveTo(DEFAULT_START))
  afterAll(() => service.stop())

  const balanceOf = async (of: TestAccount): Promise<number> => (await of.client.balance.get()).balances[0]?.amountMinor ?? 0
  const certificatesOf = async (of: TestAccount) => (await of.client.certificates.list({ limit: 200 })).items

  test('paying an order debits its price and makes one certificate that waits for its application', async () => {
    const of = await anAccount(service, { balanceMinor: 30_000 })
    const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    expect(order).toMatchObject({ kind: 'new', state: 'placed', certificateId: null, paidAt: null })
    const paid = await of.client.orders.pay({ id: order.id }, withKey())
    expect(paid).toMatchObject({ id: order.id, state: 'paid', price: { amountMinor: 10_000, currency: 'CNY' } })
    expect(await balanceOf(of)).toBe(20_000)
    expect(await certificatesOf(of)).toMatchObject([
      {
        id: paid.certificateId,
        status: 'pendingApplication',
        orderId: order.id,
        isNew: false,
        nextStep: { code: 'submitApplication' },
      },
    ])
  })

  test('the price follows term and number of domains', async () => {
    const price = async (wish: object) => (await account.client.quotes.create(wish)).price.amountMinor
    expect(await price({ productId: PRIVATE_SINGLE })).toBe(10_000)
    expect(await price({ productId: PRIVATE_SINGLE, termYears: 3 })).toBe(30_000)
    expect(await price({ productId: PRIVATE_MULTI, domainCount: 2 })).toBe(20_000)
    expect(await price({ productId: PRIVATE_MULTI, domainCount: 5, termYears: 2 })).toBe(70_000)
    expect(await price({ productId: TRIAL_SINGLE })).toBe(0)
  })

  test('a free product is bought with an empty balance', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    expect(await buy(of, { productId: TRIAL_SINGLE })).toMatchObject({ state: 'paid', price: { amountMinor: 0 } })
  })

  test.each([
    [{}, 'invalid'],
    [{ productId: 'no-such-product' }, 'notFound'],
    [{ productId: PRIVATE_SINGLE, domainCount: 2 }, 'invalid'],
    [{ productId: TRIAL_SINGLE, termYears: 2 }, 'invalid'],
    [{ renewsCertificateId: 'crt_00000000000000000000000000' }, 'notFound'],
  ])('an order of %j is refused as %s, and so is its quote', async (wish, code) => {
    expect(await refusalOf(account.client.orders.place(wish))).toMatchObject({ code })
    expect(await refusalOf(account.client.quotes.create(wish))).toMatchObject({ code })
  })

  test('a price that changed since the quote is said before it is paid', async () => {
    const wish = { productId: PRIVATE_SINGLE, expectedAmountMinor: 9_999 }
    const refused = await refusalOf(account.client.orders.place(wish, withKey()))
    expect(refused).toMatchObject({ code: 'conflict', facts: { amountMinor: 10_000, currency: 'CNY' } })
    expect(await account.client.orders.place({ ...wish, expectedAmountMinor: 10_000 }, withKey())).toMatchObject({
      state: 'placed',
    })
  })

  test('a quote of a bought certificate preselects exactly the old configuration (FD)', async () => {
    const old = await anIssuedMulti({ productId: PRIVATE_MULTI, domainCount: 3, termYears: 2 })
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const quote = await account.client.quotes.create({ renewsCertificateId: old.id })
    expect(quote).toMatchObject({
      kind: 'renewal',
      productId: PRIVATE_MULTI,
      domainCount: 3,
      termYears: 2,
      sameSpecification: true,
      changed: [],
      price: { amountMinor: 50_000 },
      topUp: { granted: true, days: 12, lostDays: 0 },
    })
  })

  test('a changed specification warns which attributes lose the top-up, and how many days (FD)', async () => {
    const old = await anIssuedCertificate(account)
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const quote = await account.client.quotes.create({ renewsCertificateId: old.id, productId: 'evercert-public-dv-multi' })
    expect(quote).toMatchObject({
      sameSpecification: false,
      changed: ['domainType', 'brand'],
      topUp: { granted: false, days: 0, lostDays: 12 },
    })
    expect(quote.topUp.explanation.en).toMatch(/domain type, brand.*12 days/)
    expect(quote.topUp.explanation.zh).toMatch(/域名类型、证书品牌.*12 天/)
    expect(await balanceOf(account)).toBeGreaterThan(0)
  })

  test('nothing is preselected for an upload: the product is chosen, the term is one year, nothing is topped up (FD)', async () => {
    const upload = await anUpload(account, { daysLeft: 20 })
    const refusal = await refusalOf(account.client.quotes.create({ renewsCertificateId: upload.id }))
    expect(refusal).toMatchObject({ code: 'invalid', facts: { field: 'productId' } })
    const quote = await account.client.quotes.create({ renewsCertificateId: upload.id, productId: PRIVATE_SINGLE })
    expect(quote).toMatchObject({ kind: 'renewal', termYears: 1, sameSpecification: false, topUp: { granted: false, days: 0 } })
    const year = 365 * DAY_MS
    expect(Date.parse(quote.topUp.entitledUntil) - clock.now()).toBeLessThanOrEqual(year)
    expect(Date.parse(quote.topUp.entitledUntil) - clock.now()).toBeGreaterThan(year - 60_000)
    expect(quote.topUp.explanation.en).toContain('never topped up: one year from')
    const { topUp } = await account.client.quotes.create({
      renewsCertificateId: upload.id,
      productId: PRIVATE_SINGLE,
      termYears: 3,
    })
    expect(topUp.explanation).toMatchObject({
      en: expect.stringContaining('3 years from') as string,
      zh: expect.stringContaining('3 年') as string,
    })
  })

  test('the timeline of the old certificate says that its renewal was cancelled, and with which certificate', async () => {
    const old = await anUpload(account, { daysLeft: 20 })
    const { certificateId } = await buy(account, { renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    const id = certificateId ?? ''
    await account.client.certificates.cancel({ id }, withKey())
    const [last] = (await account.client.certificates.get({ id: old.id })).history
    expect(last).toMatchObject({ subject: 'renewal', from: 'open', to: 'cancelled', detail: id })
  })

  test('the new certificate stands linked under the old one, which is not touched (FD)', async () => {
    const old = await anUpload(account, { daysLeft: 20 })
    const order = await buy(account, { renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    const created = await account.client.certificates.get({ id: order.certificateId ?? '' })
    expect(created).toMatchObject({
      status: 'pendingApplication',
      isNew: true,
      renewsCertificateId: old.id,
      renewalProcess: { oldCertificateId: old.id, newCertificateId: created.id, orderId: order.id, state: 'open' },
    })
    const after = await account.client.certificates.get({ id: old.id })
    expect(after).toMatchObject({ status: 'expiringSoon', sha256: old.sha256, renewedByCertificateId: created.id })
    expect(after.chainPem).toBe(old.chainPem)
    expect(await account.client.renewals.get({ id: created.renewalProcess?.id ?? '' })).toEqual(created.renewalProcess)
  })

  test('the same idempotency key and request give the same answer and one effect', async () => {
    const of = await anAccount(service)
    const key = withKey()
    const first = await of.client.orders.place({ productId: PRIVATE_SINGLE, termYears: 1 }, key)
    expect(await of.client.orders.place({ termYears: 1, productId: PRIVATE_SINGLE }, key)).toEqual(first)
    expect((await of.client.orders.list({})).items).toHaveLength(1)
    const payKey = withKey()
    const paid = await of.client.orders.pay({ id: first.id }, payKey)
    expect(await of.client.orders.pay({ id: first.id }, payKey)).toEqual(paid)
    const topUpKey = withKey()
    const money = { amountMinor: 500, currency: 'CNY' }
    const balance = await of.client.balance.topUp(money, topUpKey)
    expect(await of.client.balance.topUp(money, topUpKey)).toEqual(balance)
    expect(await balanceOf(of)).toBe(10_000_000 - 10_000 + 500)
  })

  test('the same idempotency key at the same time gives one effect and one answer', async () => {
    const of = await anAccount(service)
    const key = withKey()
    const answers = await Promise.all(Array.from({ length: 6 }, () => of.client.orders.place({ productId: PRIVATE_SINGLE }, key)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer, Object.keys(answer).toSorted()))).size).toBe(1)
    expect((await of.client.orders.list({})).items).toHaveLength(1)
  })

  test('an idempotency key that came with another request or operation is refused, and does nothing', async () => {
    const of = await anAccount(service)
    const key = withKey()
    const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, key)
    const reused = { code: 'idempotencyKeyReused', status: 409 }
    expect(await refusalOf(of.client.orders.place({ productId: PRIVATE_MULTI }, key))).toMatchObject(reused)
    expect(await refusalOf(of.client.orders.pay({ id: order.id }, key))).toMatchObject(reused)
    expect(await refusalOf(of.client.balance.topUp({ amountMinor: 1, currency: 'CNY' }, key))).toMatchObject(reused)
    expect((await of.client.orders.list({})).items).toMatchObject([{ state: 'placed' }])
  })

  test('without an idempotency key nothing is ordered, paid or topped up, and the refusal says what to send', async () => {
    const of = await anAccount(service)
    const { id } = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const calls = [
      ['/api/v1/orders', { productId: PRIVATE_SINGLE }],
      [`/api/v1/orders/${id}/pay`, {}],
      ['/api/v1/balance/top-ups', { amountMinor: 1, currency: 'CNY' }],
    ] as const
    for (const [path, body] of calls) {
      const response = await service.fetch(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${of.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const problem = (await response.json()) as { code: string; detail: string }
      expect([response.status, problem.code]).toEqual([400, 'idempotencyKeyMissing'])
      expect(problem.detail).toContain('1 to 128 characters')
    }
    expect((await of.client.orders.list({})).items).toMatchObject([{ id, state: 'placed' }])
    expect(await balanceOf(of)).toBe(10_000_000)
  })

  test('an idempotency key of another account is another key', async () => {
    const key = withKey()
    const [one, two] = await Promise.all([anAccount(service), anAccount(service)])
    const first = await one.client.orders.place({ productId: PRIVATE_SINGLE }, key)
    const second = await two.client.orders.place({ productId: PRIVATE_MULTI }, key)
    expect(second.id).not.toBe(first.id)
  })

  test('a refused request does not use up its idempotency key', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const key = withKey()
    expect(await refusalOf(of.client.orders.pay({ id: order.id }, key))).toMatchObject({ code: 'paymentRequired' })
    await topUp(of, 10_000)
    expect(await of.client.orders.pay({ id: order.id }, key)).toMatchObject({ state: 'paid' })
  })

  test('money received under one reference counts once, also after the key was tidied away', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const key = withKey()
    const money = { amountMinor: 700, currency: 'CNY' }
    await of.client.balance.topUp(money, key)
    clock.advanceDays(8)
    await tidyUp(service.services)
    expect(await refusalOf(of.client.balance.topUp(money, key))).toMatchObject({ code: 'idempotencyKeyReused' })
    expect(await balanceOf(of)).toBe(700)
  })

  test('clicking "pay" many times at once charges once and makes one certificate', async () => {
    const of = await anAccount(service, { balanceMinor: 100_000 })
    const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const answers = await Promise.all(Array.from({ length: 6 }, () => of.client.orders.pay({ id: order.id }, withKey())))
    expect(new Set(answers.map(({ certificateId }) => certificateId)).size).toBe(1)
    expect(await balanceOf(of)).toBe(90_000)
    expect(await certificatesOf(of)).toHaveLength(1)
  })

  test('a balance that pays for one of two orders pays for one, and names what the other lacks', async () => {
    const of = await anAccount(service, { balanceMinor: 15_000 })
    const orders = await Promise.all([1, 2].map(() => of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())))
    const results = await Promise.allSettled(orders.map(({ id }) => of.client.orders.pay({ id }, withKey())))
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await balanceOf(of)).toBe(5_000)
    const open = (await of.client.orders.list({})).items.find(({ state }) => state === 'placed')
    const refusal = await refusalOf(of.client.orders.pay({ id: open?.id ?? '' }, withKey()))
    expect(refusal).toMatchObject({ code: 'paymentRequired', status: 402, facts: { missingMinor: 5_000, currency: 'CNY' } })
    expect(refusal.detail).toContain('50.00')
  })

  test('what changed between the look and the transaction is looked at again, a few times', async () => {
    const { services } = service
    const caller = { accountId: account.accountId, tokenId: 'test', actor: 'test', scopes: new Set<never>() }
    const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' })
    const stale = new AppError('conflict', 'Looking: it changed.', { stale: true })
    const until = async (good: number, error: Error = stale): Promise<{ looks: number }> => {
      let looks = 0
      const call = { key: randomUUID(), operation: 'orders.place', request: { good } }
      const look = () => Promise.resolve((looks += 1))
      return runOnceWith(services, caller, call, look, (_trx, seen) => {
        if (seen < good) throw error
        return Promise.resolve({ looks: seen })
      })
    }
    expect(await until(3)).toEqual({ looks: 3 })
    expect(await until(3, deadlock)).toEqual({ looks: 3 })
    await expect(until(2, new AppError('conflict', 'Looking: never.'))).rejects.toMatchObject({ stale: false })
    await expect(until(4)).rejects.toMatchObject({ code: 'conflict', stale: true })
  })

  test('of two renewals of one certificate at once exactly one is placed; the other learns the id of the live one', async () => {
    const old = await anUpload(account, { daysLeft: 20 })
    const wish = { renewsCertificateId: old.id, productId: PRIVATE_SINGLE }
    const results = await Promise.all(
      Array.from({ length: 5 }, () =>
        account.client.orders.place(wish, withKey()).then(
          (order) => ({ order, refusal: null }),
          async (error: unknown) => ({ order: null, refusal: await refusalOf(Promise.reject(error as Error)) }),
        ),
      ),
    )
    const [placed, ...others] = results.flatMap(({ order }) => (order === null ? [] : [order]))
    expect(others).toEqual([])
    const { renewalProcess } = await account.client.certificates.get({ id: old.id })
    expect(renewalProcess).toMatchObject({ orderId: placed?.id, state: 'ordered' })
    for (const { refusal } of results.filter(({ order }) => order === null)) {
      expect(refusal).toMatchObject({ code: 'alreadyRenewed', status: 409, facts: { renewalId: renewalProcess?.id } })
    }
  })

  test('cancelling an unpaid renewal makes the old certificate renewable again, as often as it is asked', async () => {
    const old = await anUpload(account, { daysLeft: 20 })
    const wish = { renewsCertificateId: old.id, productId: PRIVATE_SINGLE }
    const order = await account.client.orders.place(wish, withKey())
    expect(await account.client.orders.cancel({ id: order.id })).toMatchObject({ state: 'cancelled' })
    expect(await account.client.orders.cancel({ id: order.id })).toMatchObject({ state: 'cancelled' })
    expect(await refusalOf(account.client.orders.pay({ id: order.id }))).toMatchObject({ code: 'conflict' })
    const again = await account.client.orders.place(wish, withKey())
    expect(again.id).not.toBe(order.id)
    expect((await account.client.certificates.get({ id: old.id })).renewal.reasons).toMatchObject([{ code: 'alreadyRenewed' }])
  })

  test('paying and cancelling at once leaves either a paid order with a certificate, or neither', async () => {
    const of = await anAccount(service)
    for (let round = 0; round < 5; round += 1) {
      const old = await anUpload(of, { daysLeft: 20 })
      const order = await of.client.orders.place({ renewsCertificateId: old.id, productId: PRIVATE_SINGLE }, withKey())
      const before = await balanceOf(of)
      await Promise.allSettled([of.client.orders.pay({ id: order.id }, withKey()), of.client.orders.cancel({ id: order.id })])
      const after = await of.client.orders.get({ id: order.id })
      const { renewalProcess } = await of.client.certificates.get({ id: old.id })
      const expected =
        after.state === 'paid'
          ? { charged: 10_000, certificate: true, renewal: 'open' }
          : { charged: 0, certificate: false, renewal: null }
      expect({
        charged: before - (await balanceOf(of)),
        certificate: after.certificateId !== null,
        renewal: renewalProcess?.state ?? null,
      }).toEqual(expected)
    }
  })

  test('an order says before it is paid what it gets, as its quote did, and nothing when it is not to be paid any more', async () => {
    const old = await anIssuedCertificate(account)
    moveIntoWindow(service, old)
    const upload = await anUpload(account, { daysLeft: 20 })
    for (const wish of [
      { renewsCertificateId: old.id },
      { renewsCertificateId: upload.id, productId: PRIVATE_SINGLE },
      { productId: PUBLIC_SINGLE },
    ]) {
      const { topUp, estimate } = await account.client.quotes.create(wish)
      const { id } = await account.client.orders.place(wish, withKey())
      const renewed = [old, upload].find((each) => each.id === wish.renewsCertificateId)
      // What is not topped up is counted from the moment.
      const { entitledUntil: _until, certificateUntil: _first, explanation: _words, ...figures } = topUp
      const offer = { renewsName: renewed?.name ?? null, names: renewed?.domains ?? [], estimate }
      expect((await account.client.orders.get({ id })).offer).toMatchObject({ ...offer, topUp: topUp.granted ? topUp : figures })
      expect(topUp.granted).toBe(renewed === old)
      await account.client.orders.cancel({ id })
      expect((await account.client.orders.get({ id })).offer).toBeNull()
    }
  })

  test('a paid order is not cancelled', async () => {
    const order = await buy(account)
    expect(await refusalOf(account.client.orders.cancel({ id: order.id }))).toMatchObject({ code: 'conflict', status: 409 })
  })

  test('an order that nobody paid for a day expires and frees its certificate', async () => {
    const old = await anUpload(account, { daysLeft: 20 })
    const wish = { renewsCertificateId: old.id, productId: PRIVATE_SINGLE }
    const order = await account.client.orders.place(wish, withKey())
    const paid = await buy(account)
    clock.advance(DAY_MS - 60_000)
    await expireUnpaidOrders(service.services)
    expect(await account.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed' })
    clock.advance(60_000)
    await expireUnpaidOrders(service.services)
    expect(await account.client.orders.get({ id: order.id })).toMatchObject({ state: 'expired' })
    expect(await account.client.orders.get({ id: paid.id })).toMatchObject({ state: 'paid' })
    expect(await refusalOf(account.client.orders.pay({ id: order.id }))).toMatchObject({ code: 'conflict' })
    expect(await account.client.orders.place(wish, withKey())).toMatchObject({ state: 'placed' })
  })

  test('a renewal whose old certificate expired before the payment is not paid for', async () => {
    const old = await anUpload(account, { daysLeft: 1 })
    const order = await account.client.orders.place({ renewsCertificateId: old.id, productId: PRIVATE_SINGLE }, withKey())
    const before = await balanceOf(account)
    clock.advance(DAY_MS)
    expect(await refusalOf(account.client.orders.pay({ id: order.id }))).toMatchObject({ code: 'certificateExpired' })
    expect(await balanceOf(account)).toBe(before)
  })

  test('a renewal is paid for also when the name that it would take is taken', async () => {
    const old = await anUpload(account, { name: `taken ${randomUUID().slice(0, 8)}`, daysLeft: 20 })
    await anUpload(account, { name: `${old.name}-r1` })
    const created = await buyCertificate(account, { renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    expect(created.name).not.toBe(`${old.name}-r1`)
  })

  test('renewing before the window opens is refused with the days until then (FD)', async () => {
    const certificate = await anIssuedCertificate(account)
    clock.moveTo(Date.parse(certificate.notAfter ?? '') - 40 * DAY_MS)
    const refusal = await refusalOf(account.client.orders.place({ renewsCertificateId: certificate.id }))
    const opensAt = new Date(Date.parse(certificate.notAfter ?? '') - 30 * DAY_MS).toISOString()
    expect(refusal).toMatchObject({ code: 'renewalNotYetOpen', status: 409 })
    expect(refusal.facts).toMatchObject({ opensAt, daysUntilOpen: 10, notAfter: certificate.notAfter })
    const view = await account.client.certificates.get({ id: certificate.id })
    expect(view).toMatchObject({ status: 'issued', renewal: { eligible: false, opensAt, daysUntilOpen: 10 } })
    clock.moveTo(Date.parse(opensAt))
    expect(await account.client.quotes.create({ renewsCertificateId: certificate.id })).toMatchObject({ kind: 'renewal' })
  })

  test('a brand that does not support renewal is refused by name, of the old certificate and of the chosen product (FD)', async () => {
    const trial = await anIssuedCertificate(account, { productId: TRIAL_SINGLE })
    clock.moveTo(Date.parse(trial.notAfter ?? '') - 5 * DAY_MS)
    const refusal = await refusalOf(account.client.orders.place({ renewsCertificateId: trial.id }))
    expect(refusal.code === 'entitlementContinues' || refusal.code === 'renewalBrandUnsupported').toBe(true)
    const { renewal } = await account.client.certificates.get({ id: trial.id })
    expect(renewal.reasons).toContainEqual(
      expect.objectContaining({ code: 'renewalBrandUnsupported', facts: { brand: 'Evercert Trial' } }),
    )
    const upload = await anUpload(account, { daysLeft: 5 })
    const chosen = await refusalOf(account.client.orders.place({ renewsCertificateId: upload.id, productId: TRIAL_SINGLE }))
    expect(chosen).toMatchObject({ code: 'renewalBrandUnsupported', status: 409, facts: { brand: 'Evercert Trial' } })
    expect(chosen.detail).toContain('"Evercert Trial"')
  })

  test('an expired certificate is bought anew, not renewed (FD)', async () => {
    const upload = await anUpload(account, { daysLeft: 20 })
    clock.moveTo(Date.parse(upload.notAfter ?? ''))
    const refusal = await refusalOf(account.client.orders.place({ renewsCertificateId: upload.id, productId: PRIVATE_SINGLE }))
    expect(refusal).toMatchObject({ code: 'certificateExpired', facts: { notAfter: upload.notAfter } })
    expect(await account.client.certificates.get({ id: upload.id })).toMatchObject({
      status: 'expired',
      renewal: { opensAt: null },
    })
  })

  test('a revoked certificate, and one whose revocation was asked for, is not renewed', async () => {
    for (const column of ['revoked_at', 'revocation_requested_at'] as const) {
      const upload = await anUpload(account, { daysLeft: 20 })
      const at = new Date(clock.now())
      // No operation of the API revokes yet.
      await service.services.db
        .updateTable('certificate')
        .set({ [column]: at })
        .where('id', '=', upload.id)
        .execute()
      const refusal = await refusalOf(account.client.orders.place({ renewsCertificateId: upload.id, productId: PRIVATE_SINGLE }))
      const fact = column === 'revoked_at' ? 'revokedAt' : 'revocationRequestedAt'
      expect(refusal).toMatchObject({ code: 'certificateRevoked', facts: { [fact]: at.toISOString() } })
    }
  })

  test('a certificate that is not issued yet is not renewed', async () => {
    const certificate = await buyCertificate(account)
    const refusal = await refusalOf(account.client.orders.place({ renewsCertificateId: certificate.id }))
    expect(refusal).toMatchObject({ code: 'certificateNotIssued', facts: { status: 'pendingApplication' } })
  })

  test('a renewed certificate names its renewal', async () => {
    const upload = await anUpload(account, { daysLeft: 20 })
    const wish = { renewsCertificateId: upload.id, productId: PRIVATE_SINGLE }
    const created = await buyCertificate(account, wish)
    const refusal = await refusalOf(account.client.orders.place(wish))
    expect(refusal.facts).toEqual({ renewalId: created.renewalProcess?.id, certificateId: created.id })
  })

  test('the entitlement of a public certificate goes on: it is reissued, and the refusal says until when', async () => {
    const certificate = await anIssuedCertificate(account, { productId: PUBLIC_SINGLE })
    moveIntoWindow(service, certificate)
    const refusal = await refusalOf(account.client.orders.place({ renewsCertificateId: certificate.id }))
    expect(refusal).toMatchObject({
      code: 'entitlementContinues',
      facts: { entitledUntil: certificate.entitlement?.entitledUntil, notAfter: certificate.notAfter },
    })
  })

  test('several reasons are all shown, the most urgent first', async () => {
    const trial = await anIssuedCertificate(account, { productId: TRIAL_SINGLE })
    const { renewal } = await account.client.certificates.get({ id: trial.id })
    expect(renewal.reasons.map(({ code }) => code)).toEqual([
      'entitlementContinues',
      'renewalNotYetOpen',
      'renewalBrandUnsupported',
    ])
    const [first] = renewal.reasons
    expect(await refusalOf(account.client.orders.place({ renewsCertificateId: trial.id }))).toMatchObject({ code: first?.code })
    // Not due yet: whoever reads it is told when it is.
    const reissueDay = String(first?.facts['reissueOpensAt']).slice(0, 10)
    for (const text of Object.values(first?.text ?? {})) expect(text).toContain(reissueDay)
    for (const { text } of renewal.reasons) {
      expect(text.en.length).toBeGreaterThan(10)
      expect(text.zh).toMatch(/[一-龥]/u)
    }
  })

  test('a wildcard product holds one name', async () => {
    const refusal = await refusalOf(account.client.quotes.create({ productId: PRIVATE_WILDCARD, domainCount: 3 }))
    expect(refusal).toMatchObject({ code: 'invalid', facts: { field: 'domainCount' } })
  })

  async function anIssuedMulti(wish: { productId: string; domainCount: number; termYears: number }) {
    const { id } = await buyCertificate(account, wish)
    return obtain(account, id, aForm([aSite(service), aSite(service)]))
  }
})
