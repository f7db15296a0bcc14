import { sql } from 'kysely'
import fc from 'fast-check'
import type { Scope } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { expireUnpaidOrders } from '../../src/services/unpaid-orders.ts'
import { pollDuePayments } from '../../src/services/provider-payments/poll.ts'
import { anAccount, anUpload, PRIVATE_SINGLE, refusalOf, topUp, withKey, type TestAccount } from '../support/builders.ts'
import { sendCallback } from '../support/callbacks.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { startStripeFixture, STRIPE_KEY, STRIPE_WEBHOOK_SECRET, type StripeFixture } from '../support/stripe-fixture.ts'

const PRICE = { amountMinor: 10_000, currency: 'CNY' }
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

eachDatabase((_kind, open) => {
  let service: TestService
  let stripe: StripeFixture
  const clock = createClock(DEFAULT_START - DAY_MS) // the operator's account is older than those of the tests
  beforeAll(async () => {
    stripe = await startStripeFixture(clock.now)
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    const { client } = await anAccount(service)
    const config = {
      secretKey: STRIPE_KEY,
      webhookSecret: STRIPE_WEBHOOK_SECRET,
      returnUrl: 'https://shop.example/back',
      apiBase: stripe.url,
    }
    await client.paymentConnections.create({ id: 'card', title: 'Card', kind: 'stripe', config })
    await client.paymentConnections.create({ id: 'card-too', title: 'Card', kind: 'stripe', config })
    const invoice = { instructions: 'Bank of Examples, account 1', dueDays: 14 }
    await client.paymentConnections.create({ id: 'invoice', title: 'Invoice', kind: 'offlineInvoice', config: invoice })
  })
  beforeEach(() => clock.moveTo(DEFAULT_START))
  afterAll(async () => {
    await service.stop()
    await stripe.close()
  })

  const place = (of: TestAccount) => of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())

  async function startCard(of: TestAccount, orderId: string, method = 'card') {
    const { paymentPending } = await of.client.orders.pay({ id: orderId, method }, withKey())
    const paymentId = paymentPending?.id ?? ''
    const session = [...stripe.sessions.values()].find(({ form }) => form.get('client_reference_id') === paymentId)
    return { paymentId, sessionId: session?.id ?? '', place: paymentPending?.place }
  }

  /** With another token of the account, which has these permissions alone. */
  async function narrowed(of: TestAccount, scopes: Scope[]) {
    const { token } = await of.client.tokens.create({ name: `token ${scopes.join()}`, scopes })
    return service.clientOf(token)
  }

  const tell = (sessionId: string, connection = 'card') => sendCallback(service, connection, stripe.callbackOf(sessionId))
  const balanceOf = async (of: TestAccount): Promise<number> => (await of.client.balance.get()).balances[0]?.amountMinor ?? 0

  async function booksOf(of: TestAccount) {
    const { rows } = await sql<{ total: number; held: number; revenue: number; balance: number; certificates: number }>`select
      (select coalesce(sum(amount_minor), 0) from ledger_entry where account_id = ${of.accountId})::int as total,
      (select coalesce(sum(amount_minor), 0) from ledger_entry where account_id = ${of.accountId} and ledger_account like 'held:%')::int
        as held,
      (select coalesce(sum(amount_minor), 0) from ledger_entry where account_id = ${of.accountId} and ledger_account = 'revenue')::int
        as revenue,
      (select coalesce(sum(amount_minor), 0) from ledger_entry where account_id = ${of.accountId} and ledger_account like 'customer:%')::int
        as balance,
      (select count(*) from certificate where account_id = ${of.accountId} and order_id is not null)::int as certificates
      `.execute(service.services.db)
    return rows[0]
  }

  test('paying by card: the answer says where, the callback pays, and the certificate appears once', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { paymentId, sessionId, place: where } = await startCard(of, order.id)
    expect(where).toEqual({ kind: 'redirect', url: `https://checkout.stripe.com/c/pay/${sessionId}` })
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed', certificateId: null })
    stripe.pay(sessionId)
    const answers = await Promise.all([tell(sessionId), tell(sessionId), tell(sessionId)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'paid', certificateId: expect.any(String) })
    expect(await of.client.payments.get({ id: paymentId })).toMatchObject({ state: 'succeeded', method: 'card', received: PRICE })
    expect(await booksOf(of)).toEqual({ total: 0, held: 0, revenue: 10_000, balance: 0, certificates: 1 })
    expect(await of.client.orders.pay({ id: order.id, method: 'card' }, withKey())).toMatchObject({
      state: 'paid',
      paymentPending: null,
    })
  })

  test('a callback that comes before the answer to the start, which was lost, pays all the same', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { paymentId, sessionId } = await startCard(of, order.id)
    await service.services.db.updateTable('payment').set({ external_id: null, place: null }).where('id', '=', paymentId).execute()
    expect((await startCard(of, order.id)).sessionId).toBe(sessionId)
    await service.services.db.updateTable('payment').set({ external_id: null, place: null }).where('id', '=', paymentId).execute()
    stripe.pay(sessionId)
    await tell(sessionId)
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'paid' })
  })

  test('the same key gives the same answer, and another key the same open payment', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const key = withKey()
    const first = await of.client.orders.pay({ id: order.id, method: 'card' }, key)
    expect(await of.client.orders.pay({ id: order.id, method: 'card' }, key)).toEqual(first)
    expect(await of.client.orders.pay({ id: order.id, method: 'card' }, withKey())).toEqual(first)
    expect(await refusalOf(of.client.orders.pay({ id: order.id, method: 'invoice' }, key))).toMatchObject({
      code: 'idempotencyKeyReused',
    })
    expect((await of.client.payments.list({ orderId: order.id })).items).toHaveLength(1)
  })

  test('a callback that was lost is found by asking', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { sessionId } = await startCard(of, order.id)
    stripe.pay(sessionId)
    expect(await pollDuePayments(service.services)).toBe(0)
    clock.advance(61_000)
    await pollDuePayments(service.services)
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'paid' })
    expect((await tell(sessionId)).status).toBe(200)
    expect(await booksOf(of)).toMatchObject({ total: 0, revenue: 10_000, certificates: 1 })
  })

  test('forged: refused, and nothing is paid; an unknown connection is not found', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { sessionId } = await startCard(of, order.id)
    stripe.pay(sessionId)
    const forged = await sendCallback(service, 'card', stripe.callbackOf(sessionId, { secret: 'whsec_somebodyelse' }))
    expect([forged.status, await forged.json()]).toMatchObject([400, { code: 'callbackForged' }])
    const invoice = await sendCallback(service, 'invoice', stripe.callbackOf(sessionId))
    expect(await invoice.json()).toMatchObject({ code: 'callbackForged' })
    expect((await sendCallback(service, 'nobody', stripe.callbackOf(sessionId))).status).toBe(404)
    expect((await tell(sessionId, 'card-too')).status).toBe(200) // signed, but not about a payment of this connection
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed' })
  })

  test.each([
    ['less than the price', { amountMinor: 9_999, currency: 'CNY' }, 'wrongAmount'],
    ['in another currency', { amountMinor: 10_000, currency: 'USD' }, 'wrongCurrency'],
  ])('%s goes to the balance, and the order stays unpaid', async (_what, amount, problem) => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { paymentId, sessionId } = await startCard(of, order.id)
    stripe.pay(sessionId, amount)
    await tell(sessionId)
    await tell(sessionId)
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed' })
    expect(await of.client.payments.get({ id: paymentId })).toMatchObject({ state: 'credited', problem })
    expect((await of.client.balance.get()).balances).toEqual([amount])
    const came = problem === 'wrongCurrency' ? '$100.00' : 'CN¥99.99'
    const { nextStep } = await of.client.orders.get({ id: order.id })
    expect(nextStep).toMatchObject({ code: 'payAgain', mover: 'user', at: expect.stringMatching(/^2026-11-24T08:0/) })
    expect(nextStep.text.en).toContain(`${came} came in where CN¥100.00 were to be paid: it is on the balance`)
    expect(nextStep.text.zh).toContain(`应付 CN¥100.00，实收 ${came}`)
    expect((await of.client.orders.list({})).items[0]?.nextStep).toEqual(nextStep)
  })

  test('money of the wrong amount is told once to the payer and to the operator, each with what to do', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { paymentId, sessionId } = await startCard(of, order.id)
    stripe.pay(sessionId, { amountMinor: 9_999, currency: 'CNY' })
    await tell(sessionId)
    await tell(sessionId)
    const told = async (client: TestAccount['client']) =>
      (await client.notices.list({})).items.filter(({ kind, text }) => kind === 'moneyCredited' && text.en.includes('CN¥99.99'))
    const [own, ...more] = await told(of.client)
    expect(more).toEqual([])
    expect(own).toMatchObject({
      certificateId: null,
      title: { en: `The payment of order ${order.id} has the wrong amount`, zh: `订单 ${order.id} 的付款金额不符` },
      text: {
        en: expect.stringContaining(`evercert pay ${order.id}`),
        zh: expect.stringContaining('如需退回款项，请联系管理员'),
      },
    })
    const [operators, ...others] = (await told(service.client)).filter(({ text }) => text.en.includes(paymentId))
    expect(others).toEqual([])
    expect(operators?.text.en).toContain(of.accountId)
    // Amounts are not for those who may not see orders.
    const reader = await narrowed(of, ['notices:read', 'notices:write', 'certificates:read'])
    expect(await told(reader)).toEqual([])
    expect(await refusalOf(reader.notices.markRead({ id: own?.id ?? '' }))).toMatchObject({ code: 'notFound' })
    expect(await told(await narrowed(of, ['notices:read', 'orders:read']))).toMatchObject([{ id: own?.id, readAt: null }])
  })

  test('more than the price pays, and the rest goes to the balance', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { sessionId } = await startCard(of, order.id)
    stripe.pay(sessionId, { amountMinor: 10_500, currency: 'CNY' })
    await tell(sessionId)
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'paid' })
    expect(await balanceOf(of)).toBe(500)
    expect((await of.client.orders.get({ id: order.id })).nextStep.code).toBe('useCertificate')
    expect((await of.client.notices.list({})).items).toMatchObject([
      { kind: 'moneyCredited', text: { en: expect.stringContaining('CN¥5.00 too much is on the balance') } },
    ])
  })

  test('a cancelled order: the page is closed by the next round; money that was quicker goes to the balance', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const [first, second] = [await place(of), await place(of)]
    const [slow, quick] = [await startCard(of, first.id), await startCard(of, second.id)]
    await of.client.orders.cancel({ id: first.id })
    await of.client.orders.cancel({ id: second.id })
    stripe.pay(quick.sessionId)
    await pollDuePayments(service.services)
    expect(stripe.sessions.get(slow.sessionId)?.status).toBe('expired')
    expect(await of.client.payments.get({ id: slow.paymentId })).toMatchObject({ state: 'cancelled' })
    expect(await of.client.payments.get({ id: quick.paymentId })).toMatchObject({ state: 'credited', problem: 'orderNotPayable' })
    stripe.pay(slow.sessionId) // what must not happen there, and is not lost if it does
    await tell(slow.sessionId)
    expect(await of.client.payments.get({ id: slow.paymentId })).toMatchObject({ state: 'credited', problem: 'paymentEnded' })
    for (const { id } of [first, second])
      expect((await of.client.orders.get({ id })).nextStep).toMatchObject({
        code: 'moneyOnBalance',
        text: { en: expect.stringContaining('CN¥100.00 that came in for it is on the balance') },
      })
    expect((await of.client.notices.list({})).items.map(({ kind }) => kind)).toEqual(['moneyCredited', 'moneyCredited'])
    expect(await booksOf(of)).toEqual({ total: 0, held: 0, revenue: 0, balance: 20_000, certificates: 0 })
  })

  test('two connections at once: one pays, the other goes to the balance', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const [one, two] = [await startCard(of, order.id), await startCard(of, order.id, 'card-too')]
    stripe.pay(one.sessionId)
    stripe.pay(two.sessionId)
    await Promise.all([tell(one.sessionId), tell(two.sessionId, 'card-too')])
    const states = (await of.client.payments.list({ orderId: order.id })).items.map(({ state }) => state)
    expect(states.toSorted()).toEqual(['credited', 'succeeded'])
    expect(await booksOf(of)).toEqual({ total: 0, held: 0, revenue: 10_000, balance: 10_000, certificates: 1 })
  })

  test('paid from the balance while the page is open: the page is closed', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { sessionId } = await startCard(of, order.id)
    await topUp(of, 10_000)
    await of.client.orders.pay({ id: order.id }, withKey())
    await pollDuePayments(service.services)
    expect(stripe.sessions.get(sessionId)?.status).toBe('expired')
    expect(await booksOf(of)).toMatchObject({ total: 0, balance: 0, certificates: 1 })
  })

  test('an order does not expire while somebody pays it, and money after its end is on the balance', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const old = await anUpload(of, { daysLeft: 20 })
    const order = await of.client.orders.place({ productId: PRIVATE_SINGLE, renewsCertificateId: old.id }, withKey())
    const paying = await of.client.orders.pay({ id: order.id, method: 'invoice' }, withKey())
    const paymentId = paying.paymentPending?.id ?? ''
    expect(paying.paymentPending?.place).toMatchObject({ kind: 'invoice', dueAt: expect.stringMatching(/^2026-12-07T08:0/) })
    clock.moveTo(DEFAULT_START + 13 * DAY_MS)
    await expireUnpaidOrders(service.services)
    const half = { id: paymentId, amountMinor: 4_000, currency: 'CNY', reference: 'bank-1' }
    await of.client.payments.recordReceipt(half, withKey())
    expect(await of.client.payments.recordReceipt(half, withKey())).toMatchObject({
      state: 'created',
      received: { amountMinor: 4_000 },
    })
    expect(await refusalOf(of.client.payments.recordReceipt({ ...half, amountMinor: 5_000 }, withKey()))).toMatchObject({
      code: 'conflict',
    })
    expect(await booksOf(of)).toMatchObject({ total: 0, held: 4_000, balance: 0 })
    clock.moveTo(DEFAULT_START + 15 * DAY_MS)
    await pollDuePayments(service.services)
    expect(await of.client.payments.get({ id: paymentId })).toMatchObject({ state: 'credited', problem: 'paymentEnded' })
    await expireUnpaidOrders(service.services)
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'expired' })
    await of.client.payments.recordReceipt({ ...half, amountMinor: 6_000, reference: 'bank-2' }, withKey())
    expect(await booksOf(of)).toMatchObject({ total: 0, held: 0, balance: 10_000, certificates: 0 })
  })

  test('an invoice that is paid in parts pays when the last one came', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const { paymentPending } = await of.client.orders.pay({ id: order.id, method: 'invoice' }, withKey())
    const receipt = { id: paymentPending?.id ?? '', currency: 'CNY' }
    await of.client.payments.recordReceipt({ ...receipt, amountMinor: 4_000, reference: 'a' }, withKey())
    expect(await of.client.payments.recordReceipt({ ...receipt, amountMinor: 6_001, reference: 'b' }, withKey())).toMatchObject({
      state: 'succeeded',
    })
    expect(await booksOf(of)).toEqual({ total: 0, held: 0, revenue: 10_000, balance: 1, certificates: 1 })
    const usd = { ...receipt, currency: 'USD', amountMinor: 1, reference: 'c' }
    expect(await refusalOf(of.client.payments.recordReceipt(usd, withKey()))).toMatchObject({ code: 'invalid' })
  })

  test('a page that nobody paid in time is closed, and paying again opens another', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const order = await place(of)
    const first = await startCard(of, order.id)
    clock.moveTo(DEFAULT_START + 3 * HOUR_MS)
    const second = await startCard(of, order.id)
    expect(second.sessionId).not.toBe(first.sessionId)
    expect(await of.client.payments.get({ id: first.paymentId })).toMatchObject({ state: 'cancelled' })
  })

  test('settings are not shown, wrong ones are refused, and a connection that is off takes no new payment', async () => {
    const of = await anAccount(service, { balanceMinor: 0 })
    const { client } = of
    const connection = { id: 'off', title: 'Off', kind: 'stripe' }
    const wrong = { secretKey: 'nonsense', webhookSecret: STRIPE_WEBHOOK_SECRET, returnUrl: 'https://shop.example' }
    const refused = await refusalOf(client.paymentConnections.create({ ...connection, config: wrong }))
    expect(refused).toMatchObject({ code: 'invalid' })
    const config = { ...wrong, secretKey: STRIPE_KEY, apiBase: stripe.url }
    await client.paymentConnections.create({ ...connection, config })
    await client.paymentConnections.update({ id: 'off', enabled: false })
    expect(JSON.stringify(await client.paymentConnections.list())).not.toContain(STRIPE_KEY)
    const order = await place(of)
    expect(await refusalOf(client.orders.pay({ id: order.id, method: 'off' }, withKey()))).toMatchObject({ code: 'conflict' })
    expect(await refusalOf(client.orders.pay({ id: order.id, method: 'nobody' }, withKey()))).toMatchObject({ code: 'notFound' })
  })

  test('in whatever order pages, callbacks, rounds, cancellations and other payments come, no money is lost', async () => {
    const aStep = fc.constantFrom('start', 'startToo', 'pay', 'payToo', 'tell', 'tellToo', 'poll', 'cancel', 'balance', 'later')
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 3, maxLength: 12 }), async (steps) => {
        clock.moveTo(DEFAULT_START)
        const of = await anAccount(service, { balanceMinor: 10_000 })
        const order = await place(of)
        const sessions: Record<string, string> = {}
        const run: Record<string, () => unknown> = {
          start: async () => (sessions['card'] = (await startCard(of, order.id)).sessionId),
          startToo: async () => (sessions['card-too'] = (await startCard(of, order.id, 'card-too')).sessionId),
          pay: () => stripe.sessions.get(sessions['card'] ?? '')?.status === 'open' && stripe.pay(sessions['card'] ?? ''),
          payToo: () =>
            stripe.sessions.get(sessions['card-too'] ?? '')?.status === 'open' && stripe.pay(sessions['card-too'] ?? ''),
          tell: () => tell(sessions['card'] ?? ''),
          tellToo: () => tell(sessions['card-too'] ?? '', 'card-too'),
          poll: () => pollDuePayments(service.services),
          cancel: () => of.client.orders.cancel({ id: order.id }),
          balance: () => of.client.orders.pay({ id: order.id }, withKey()),
          later: () => clock.advance(40 * 60_000),
        }
        // A refusal is an answer like any other; what must hold is what is in the books afterwards.
        for (const step of steps) {
          try {
            await run[step]?.()
          } catch {
            // read below
          }
        }
        clock.advance(7 * HOUR_MS)
        await pollDuePayments(service.services)
        clock.advance(7 * HOUR_MS)
        await pollDuePayments(service.services)
        const { items } = await of.client.payments.list({ orderId: order.id })
        const references = new Set(items.map(({ id }) => id))
        const paidIn = [...stripe.sessions.values()]
          .filter(({ form, paid }) => paid !== null && references.has(form.get('client_reference_id') ?? ''))
          .reduce((sum, { paid }) => sum + (paid?.amountMinor ?? 0), 0)
        const books = await booksOf(of)
        const isPaid = (await of.client.orders.get({ id: order.id })).state === 'paid'
        expect(books).toEqual({
          total: 0,
          held: 0,
          revenue: isPaid ? 10_000 : 0,
          balance: 10_000 + paidIn - (isPaid ? 10_000 : 0),
          certificates: isPaid ? 1 : 0,
        })
        expect(books?.balance).toBe(await balanceOf(of))
      }),
      { numRuns: 8 },
    )
  })
})
