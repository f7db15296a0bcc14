/** Four eyes for orders that a provider is paid for: it hears of one only after the second person's yes, once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ALIPAY_APP_ID, startAlipayFixture, type AlipayFixture } from '../support/alipay-fixture.ts'
import {
  aMember,
  anAccount,
  CURRENCY,
  PRIVATE_SINGLE,
  refusalOf,
  withKey,
  type Colleague,
  type TestAccount,
} from '../support/builders.ts'
import { sendCallback } from '../support/callbacks.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { startStripeFixture, STRIPE_KEY, STRIPE_WEBHOOK_SECRET, type StripeFixture } from '../support/stripe-fixture.ts'

const PRICE_MINOR = 10_000

oneDatabase((_kind, open) => {
  let service: TestService
  let stripe: StripeFixture
  let alipay: AlipayFixture
  let account: TestAccount
  let ada: Colleague
  let bob: Colleague
  const clock = createClock()

  beforeAll(async () => {
    stripe = await startStripeFixture(clock.now)
    alipay = await startAlipayFixture()
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    const returnUrl = 'https://shop.example/back'
    const card = { secretKey: STRIPE_KEY, webhookSecret: STRIPE_WEBHOOK_SECRET, returnUrl, apiBase: stripe.url }
    await service.client.paymentConnections.create({ id: 'card', title: 'Card', kind: 'stripe', config: card })
    const { gateway, alipayPublicKey, appPrivateKey: privateKey } = alipay
    const page = { appId: ALIPAY_APP_ID, privateKey, alipayPublicKey, returnUrl, gateway }
    await service.client.paymentConnections.create({ id: 'zhifubao', title: 'Alipay', kind: 'alipay', config: page })
    account = await anAccount(service, { balanceMinor: 0 })
    ada = await aMember(account, 'owner')
    bob = await aMember(account, 'administrator')
    await limit(PRICE_MINOR - 1)
  })
  afterAll(async () => {
    await service.stop()
    await Promise.all([stripe.close(), alipay.close()])
  })

  /** Stricter holds at once; looser needs the other's yes. */
  async function limit(amountMinor: number): Promise<void> {
    const rules = { revocation: false, keyDownload: false, tokensMayDownloadKeys: true }
    const call = ada.client.rules.set({ ...rules, spendingLimits: [{ amountMinor, currency: CURRENCY }] })
    const waiting = await call.then(
      () => null,
      () => refusalOf(ada.client.rules.set({ ...rules, spendingLimits: [{ amountMinor, currency: CURRENCY }] })),
    )
    if (waiting !== null) await bob.client.approvals.approve({ id: String(waiting.facts['approvalId']) })
  }

  const place = () => ada.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
  const pay = (id: string, method: string, by = ada) => by.client.orders.pay({ id, method }, withKey())
  const requestOf = async (call: Promise<unknown>): Promise<string> => {
    const problem = await refusalOf(call)
    expect(problem.code).toBe('secondPersonNeeded')
    return String(problem.facts['approvalId'])
  }
  const paymentsOf = async (orderId: string) => (await ada.client.payments.list({ orderId })).items
  const certificates = async () => (await ada.client.certificates.list({})).items.length

  describe.each(['card', 'zhifubao'])('by %s', (method) => {
    /** The payer pays on the page, and the provider tells. */
    async function payerPays(paymentId: string, url: string): Promise<void> {
      if (method === 'card') {
        const session = [...stripe.sessions.values()].find(({ form }) => form.get('client_reference_id') === paymentId)
        stripe.pay(session?.id ?? '')
        expect((await sendCallback(service, method, stripe.callbackOf(session?.id ?? ''))).status).toBe(200)
      } else {
        alipay.pay(url)
        const reference = [...alipay.trades.keys()].at(-1) ?? ''
        expect((await sendCallback(service, method, alipay.callbackOf(reference))).status).toBe(200)
      }
    }

    test('an order over the limit waits, and the provider hears nothing of it until the second person said yes', async () => {
      const before = await certificates()
      const sessions = stripe.sessions.size
      const order = await place()
      const id = await requestOf(pay(order.id, method))
      expect(await requestOf(pay(order.id, method))).toBe(id)
      expect([stripe.sessions.size, await paymentsOf(order.id)]).toEqual([sessions, []])
      expect(await bob.client.approvals.get({ id })).toMatchObject({
        kind: 'spending',
        facts: { order: order.id, method, state: 'placed' },
      })
      // Paying in another way is another request; nobody says yes to their own.
      expect(await requestOf(pay(order.id, 'balance'))).not.toBe(id)
      expect((await refusalOf(ada.client.approvals.approve({ id }))).code).toBe('approverIsRequester')

      // The yes moves no money: only who asked can take the payer's page.
      expect((await bob.client.approvals.approve({ id })).state).toBe('approved')
      expect([stripe.sessions.size, await paymentsOf(order.id)]).toEqual([sessions, []])
      const otherOrder = await place()
      await requestOf(pay(otherOrder.id, method)) // it is good for this order alone
      const { paymentPending } = await pay(order.id, method)
      expect(paymentPending?.place).toMatchObject({ kind: 'redirect' })
      expect((await ada.client.approvals.get({ id })).state).toBe('done')
      // Again: the same page, and no other payment.
      expect((await pay(order.id, method)).paymentPending?.id).toBe(paymentPending?.id)
      expect(await paymentsOf(order.id)).toHaveLength(1)

      const page = paymentPending?.place
      await payerPays(paymentPending?.id ?? '', page?.kind === 'redirect' ? page.url : '')
      expect(await ada.client.orders.get({ id: order.id })).toMatchObject({ state: 'paid' })
      expect(await certificates()).toBe(before + 1)
      for (const waiting of (await ada.client.approvals.list({})).items)
        if (waiting.isMine && waiting.state === 'waiting') await ada.client.approvals.withdraw({ id: waiting.id })
    })

    test('a refusal leaves the order unpaid, and an order at the limit waits for nobody', async () => {
      const order = await place()
      const id = await requestOf(pay(order.id, method))
      await bob.client.approvals.refuse({ id, reason: 'not now' })
      expect(await requestOf(pay(order.id, method))).not.toBe(id)
      expect(await ada.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed' })
      expect(await paymentsOf(order.id)).toEqual([])
      await limit(PRICE_MINOR)
      expect((await pay(order.id, method)).paymentPending?.place).toMatchObject({ kind: 'redirect' })
      await limit(PRICE_MINOR - 1)
      // Its page is over, and nobody has ended it yet: another one would be new spending.
      clock.advance(2 * 3_600_000)
      await requestOf(pay(order.id, method))
      expect(await paymentsOf(order.id)).toHaveLength(1)
    })
  })
})
