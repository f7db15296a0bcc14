/** What happens between a look (at an order, at the rules of the account) and the transaction that acts on it, or beside that transaction. */
import { sql } from 'kysely'
import { SCOPES, type AccountRules, type CertificateDetail, type OrderRequest, type OrderView } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Db } from '../../src/db/connect.ts'
import type { Trx } from '../../src/db/transition.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { loadWork } from '../../src/services/advance/facts.ts'
import { renewManaged } from '../../src/services/advance/managed-effects.ts'
import type { Caller, Services } from '../../src/services/context.ts'
import { runOnceWith } from '../../src/services/idempotency.ts'
import { draftQuoted, placeOrder } from '../../src/services/orders.ts'
import { moveMoney, payAsRead, payOrder, readPayable, topUpBalance } from '../../src/services/payments.ts'
import { approve } from '../../src/services/approvals/decide.ts'
import { payWithinRules, startPayingWithinRules } from '../../src/services/approvals/pay.ts'
import { lockAccount } from '../../src/services/approvals/rules.ts'
import { manageWithinRules, revokeWithinRules, takeKeyWithinRules } from '../../src/services/approvals/within-rules.ts'
import { receiveFor } from '../../src/services/provider-payments/settle.ts'
import {
  aForeignCertificate,
  aForm,
  aMember,
  anAccount,
  anUpload,
  aSite,
  buyCertificate,
  CURRENCY,
  PRIVATE_SINGLE,
  refusalOf,
  topUp,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase, isPostgres } from '../support/databases.ts'
import { withAfterFirst, withBefore, withDeadlock } from '../support/in-between.ts'
import { outcomeOf, untilItWaits } from '../support/lock-waits.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const PRICE = 10_000
const LIMIT = { amountMinor: PRICE, currency: CURRENCY }

eachDatabase((kind, open) => {
  let service: TestService
  const clock = createClock()
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    await anAccount(service)
    const config = { instructions: 'Bank of Examples, account 1', dueDays: 14 }
    await service.client.paymentConnections.create({ id: 'invoice', title: 'Invoice', kind: 'offlineInvoice', config })
  })
  beforeEach(() => clock.moveTo(DEFAULT_START))
  afterAll(() => service.stop())

  const callerOf = ({ accountId }: TestAccount): Caller => ({ accountId, tokenId: 'test', actor: 'test', scopes: new Set() })
  const balanceOf = async (of: TestAccount) => (await of.client.balance.get()).balances[0]?.amountMinor ?? 0

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)

  /** Bought, applied for and issued, by hand: no worker runs. */
  async function issue(of: TestAccount): Promise<CertificateDetail> {
    const { id } = await buyCertificate(of)
    await of.client.applications.submit({ id, ...aForm([aSite(service)]) })
    await advance(id)
    return of.client.certificates.get({ id })
  }

  /** As the operation does it, on a database of its own. */
  function pay(of: TestAccount, db: Db, id: string): Promise<OrderView> {
    const services = { ...service.services, db }
    const caller = callerOf(of)
    const call = { key: null, operation: 'orders.pay', request: {} }
    const read = () => readPayable(services, db, caller, id)
    return runOnceWith(services, caller, call, read, (trx, payable) => payAsRead(services, trx, caller, payable))
  }

  function once(happen: () => Promise<unknown>): () => Promise<void> {
    let isOver = false
    return async () => {
      if (isOver) return
      isOver = true
      await happen()
    }
  }

  const renewalOf = ({ id }: CertificateDetail) => ({ renewsCertificateId: id, productId: PRIVATE_SINGLE })

  async function aRenewal(of: TestAccount) {
    const old = await anUpload(of, { daysLeft: 20 })
    return { old, order: await of.client.orders.place(renewalOf(old), withKey()) }
  }

  test('an order that another click pays with the last money, behind the look at it, is returned paid', async () => {
    const of = await anAccount(service, { balanceMinor: PRICE })
    const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const db = withAfterFirst(service.services.db, async () => void (await of.client.orders.pay({ id: order.id }, withKey())))
    expect(await outcomeOf(pay(of, db, order.id))).toMatchObject({ answer: { id: order.id, state: 'paid' } })
    expect(await balanceOf(of)).toBe(0)
  })

  type Happens = (of: TestAccount, old: CertificateDetail, order: OrderView) => Promise<unknown>
  test.each<[string, Happens, string]>([
    ['expires', async (_of, old) => clock.moveTo(Date.parse(old.notAfter ?? '')), 'certificateExpired'],
    ['is cancelled', (of, _old, { id }) => of.client.orders.cancel({ id }), 'conflict'],
    [
      'loses the money for it',
      (of) =>
        of.client.orders
          .place({ productId: PRIVATE_SINGLE }, withKey())
          .then(({ id }) => of.client.orders.pay({ id }, withKey())),
      'paymentRequired',
    ],
  ])('a renewal that %s between the look and the transaction is not paid', async (_what, happen, code) => {
    const of = await anAccount(service, { balanceMinor: PRICE })
    const { old, order } = await aRenewal(of)
    const db = withBefore(
      service.services.db,
      once(() => happen(of, old, order)),
    )
    expect(await outcomeOf(pay(of, db, order.id))).toEqual({ code })
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ certificateId: null })
  })

  test.each<[string, Happens, (old: CertificateDetail) => object]>([
    [
      'renamed',
      (of, { id, name }) => of.client.certificates.rename({ id, name: `other ${name.slice(-20)}` }),
      (old) => ({ name: `other ${old.name.slice(-20)}-r1` }),
    ],
    ['tagged', (of, { id }) => of.client.certificates.tag({ id, add: ['shop'] }), () => ({ tags: ['shop'] })],
    [
      'deprived of the name of its renewal',
      (of, { name }) => anUpload(of, { name: `${name}-r1`, leaf: aForeignCertificate(service) }),
      () => ({ name: expect.stringMatching(/^crt_/) as string }),
    ],
  ])('a certificate that is %s between the look and the transaction gets its renewal so', async (_what, happen, fits) => {
    const of = await anAccount(service, { balanceMinor: PRICE })
    const { old, order } = await aRenewal(of)
    const db = withBefore(
      service.services.db,
      once(() => happen(of, old, order)),
    )
    const { certificateId } = await pay(of, db, order.id)
    expect(await of.client.certificates.get({ id: certificateId ?? '' })).toMatchObject(fits(old))
    expect(await balanceOf(of)).toBe(0)
  })

  const STRICT = {
    spendingLimits: [{ amountMinor: PRICE - 1, currency: CURRENCY }],
    revocation: false,
    keyDownload: false,
    tokensMayDownloadKeys: true,
  }

  /** Whose rules do not want a second person yet, with money for an order and a certificate to act on. */
  let team: ReturnType<typeof aTeam> | null = null
  async function aTeam() {
    const of = await anAccount(service, { balanceMinor: 2 * PRICE })
    const [ada] = [await aMember(of, 'owner'), await aMember(of, 'owner')]
    return { of, ada, certificate: await issue(of), since: clock.now() }
  }

  type Act = (
    services: Services,
    caller: Caller,
    ids: { readonly order: string; readonly certificate: string },
  ) => Promise<unknown>
  test.each<[string, Partial<AccountRules>, Act, string?]>([
    [
      'paying',
      { spendingLimits: STRICT.spendingLimits },
      (services, caller, { order: id }) => {
        const call = { key: null, operation: 'orders.pay', request: {} }
        return payWithinRules(services, caller, call, { id, method: 'balance' })
      },
    ],
    [
      'paying at a provider',
      { spendingLimits: STRICT.spendingLimits },
      (services, caller, { order: id }) => {
        const call = { key: null, operation: 'orders.pay', request: {} }
        return startPayingWithinRules(services, caller, call, { id, method: 'invoice' })
      },
    ],
    [
      'taking a key out',
      { keyDownload: true },
      (services, caller, { certificate: id }) => takeKeyWithinRules(services, caller, { id, format: 'nginx' }),
    ],
    [
      'tokens that take keys out',
      { tokensMayDownloadKeys: false },
      (services, caller, { certificate: id }) => takeKeyWithinRules(services, caller, { id, format: 'nginx' }),
      'keysForUsersOnly',
    ],
    [
      'managing',
      { spendingLimits: STRICT.spendingLimits },
      (services, caller, { certificate: id }) => manageWithinRules(services, caller, { id, spendingLimit: LIMIT }),
    ],
    [
      'revoking',
      { revocation: true },
      (services, caller, { certificate: id }) => revokeWithinRules(services, caller, { id, reason: 'superseded' }),
    ],
  ])(
    'rules against %s alone that come between the gate and the transaction hold',
    async (_what, rules, act, code = 'secondPersonNeeded') => {
      const { of, ada, certificate, since } = await (team ??= aTeam())
      clock.moveTo(since) // who was no member yet approves nothing
      await sql`delete from account_rules where account_id = ${of.accountId}`.execute(service.services.db) // of another case
      const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
      const db = withBefore(
        service.services.db,
        once(() => ada.client.rules.set({ ...STRICT, spendingLimits: null, ...rules })),
      )
      const acting = act({ ...service.services, db }, callerOf(of), { order: order.id, certificate: certificate.id })
      expect(await outcomeOf(acting)).toEqual({ code })
      expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed' })
      expect(await balanceOf(of)).toBe(PRICE)
      expect(await of.client.certificates.get({ id: certificate.id })).toMatchObject({
        status: certificate.status,
        managed: false,
      })
      expect((await refusalOf(of.client.certificates.revocation({ id: certificate.id }))).code).toBe('notFound')
    },
  )

  /** As the operation does it, on a database of its own. */
  function place(of: TestAccount, db: Db, request: OrderRequest): Promise<OrderView> {
    const [services, caller] = [{ ...service.services, db }, callerOf(of)]
    const call = { key: null, operation: 'orders.place', request: {} }
    const read = () => draftQuoted(services, caller, request)
    return runOnceWith(services, caller, call, read, (trx, draft) => placeOrder(services, trx, caller, draft))
  }

  test.each<[string, Partial<OrderRequest>, number, object]>([
    ['is ordered at the price of the list', {}, 2, { price: { amountMinor: PRICE }, discount: null }],
    ['is refused when its buyer was told that price', { expectedAmountMinor: PRICE / 2 }, 1, { code: 'conflict' }],
    ['with a code of no use either is refused for that', { promotionCode: 'GONE' }, 1, { code: 'promotionNotApplicable' }],
  ])('what loses a promotion between the look and the transaction %s', async (_what, wish, orders, outcome) => {
    const of = await anAccount(service)
    const off = { kind: 'percent' as const, percent: 50 }
    const code = wish.promotionCode ?? null
    const all = { productIds: null, termYears: null, endsAt: null, maxUses: 1 }
    const promotion = await service.client.promotions.create({ title: { en: 'Half', zh: '半价' }, code, off, ...all })
    onTestFinished(async () => void (await service.client.promotions.withdraw({ id: promotion.id })))
    const request = { productId: PRIVATE_SINGLE, ...wish }
    const db = withBefore(
      service.services.db,
      once(() => of.client.orders.place(request, withKey())),
    )
    const placed = await place(of, db, request).catch((error: unknown) => error)
    expect(placed).toMatchObject(outcome)
    if (wish.expectedAmountMinor !== undefined)
      expect(placed).toMatchObject({ facts: { amountMinor: PRICE, currency: CURRENCY } })
    expect((await of.client.orders.list({})).items).toHaveLength(orders)
  })

  test.each<[string, (of: TestAccount, old: CertificateDetail) => Promise<unknown>, string, number]>([
    ['is ordered', (of, old) => of.client.orders.place(renewalOf(old), withKey()), 'alreadyRenewed', 1],
    ['expires', async (_of, old) => clock.moveTo(Date.parse(old.notAfter ?? '')), 'certificateExpired', 0],
  ])('a renewal of what %s between the look and the transaction is refused for that', async (_what, happen, code, orders) => {
    const of = await anAccount(service)
    const old = await anUpload(of, { daysLeft: 20 })
    const db = withBefore(
      service.services.db,
      once(() => happen(of, old)),
    )
    expect(await outcomeOf(place(of, db, renewalOf(old)))).toEqual({ code })
    expect((await of.client.orders.list({})).items).toHaveLength(orders)
  })

  const inTransaction = <Value>(work: (trx: Trx) => Promise<Value>) => service.services.db.transaction().execute(work)

  test.runIf(isPostgres(kind))('money that is spent while an approval pays is said to be missing', async () => {
    const of = await anAccount(service, { balanceMinor: PRICE })
    const [ada, bob] = [await aMember(of, 'owner'), await aMember(of, 'owner')]
    const other = await ada.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const order = await ada.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    await ada.client.rules.set(STRICT)
    const { facts } = await refusalOf(ada.client.orders.pay({ id: order.id }, withKey()))
    const id = String(facts['approvalId'])
    const { approving } = await inTransaction(async (trx) => {
      await payOrder(service.services, trx, callerOf(of), other.id)
      const running = outcomeOf(bob.client.approvals.approve({ id }))
      await untilItWaits(service, running)
      return { approving: running }
    })
    expect(await approving).toEqual({ code: 'paymentRequired' })
    await topUp(of, PRICE)
    expect(await bob.client.approvals.approve({ id })).toMatchObject({ state: 'done' })
  })

  test.runIf(isPostgres(kind))(
    'an approval that pays and money that comes in for the same order wait for each other in one order',
    async () => {
      const of = await anAccount(service, { balanceMinor: PRICE })
      const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
      const { paymentPending } = await of.client.orders.pay({ id: order.id, method: 'invoice' }, withKey())
      const receipt = { reference: 'r1', amount: { amountMinor: PRICE, currency: CURRENCY }, note: null, partial: false }
      const who = { accountId: of.accountId, actor: 'test', paymentId: paymentPending?.id ?? '' }
      const receiving = await inTransaction(async (trx) => {
        await lockAccount(trx, of.accountId) // as who approves
        const running = outcomeOf(inTransaction((own) => receiveFor(service.services, own, who, receipt)))
        await untilItWaits(service, running)
        await payOrder(service.services, trx, callerOf(of), order.id)
        return { running }
      })
      expect(await receiving.running).toEqual({ answer: true })
      const { rows } = await sql<{
        count: number
      }>`select count(*)::int as count from certificate where order_id = ${order.id}`.execute(service.services.db)
      expect(rows).toEqual([{ count: 1 }])
    },
  )

  const ANY = { ...LIMIT, amountMinor: 2 * PRICE }
  type Mend = (of: TestAccount, id: string, order: string) => Promise<unknown>
  test.each<[string, { readonly limit?: number; readonly balance?: number; readonly isOrdered?: boolean }, Mend]>([
    ['want of money that comes in', { balance: 0 }, (of) => topUp(of, PRICE)],
    ['a limit that is raised', { limit: PRICE - 1 }, (of, id) => of.client.management.start({ id, spendingLimit: ANY })],
    ['an unpaid order that is cancelled', { isOrdered: true }, (of, _id, order) => of.client.orders.cancel({ id: order })],
  ])(
    'a renewal by itself that fails for %s before that is recorded is tried again at once',
    async (_what, { limit = PRICE, balance = PRICE, isOrdered = false }, mend) => {
      const of = await anAccount(service, { balanceMinor: PRICE + balance })
      const { id } = await issue(of)
      const spendingLimit = { ...LIMIT, amountMinor: limit }
      const { management, notAfter } = await of.client.management.start({ id, spendingLimit })
      clock.moveTo(Date.parse(management?.at ?? ''))
      const order = isOrdered ? await of.client.orders.place({ renewsCertificateId: id }, withKey()) : null
      if (order !== null) clock.moveTo((clock.now() + Date.parse(notAfter ?? '')) / 2) // its buyer had time to pay
      let transactions = 0
      const db = withBefore(service.services.db, async () => {
        transactions += 1
        if (transactions === 2) await mend(of, id, order?.id ?? '') // the first one tries, the second one records
      })
      await advanceCertificate({ ...service.services, db }, id, new AbortController().signal)
      const { renewedByCertificateId, history } = await of.client.certificates.get({ id })
      expect(renewedByCertificateId).not.toBeNull()
      expect(history.filter(({ subject, to }) => subject === 'management' && to === 'failed')).toEqual([])
    },
  )

  test('an approval that the database ends, of two that wait for each other, is done again', async () => {
    const of = await anAccount(service, { balanceMinor: PRICE })
    const [ada, bob] = [await aMember(of, 'owner'), await aMember(of, 'owner')]
    const order = await ada.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    await ada.client.rules.set(STRICT)
    const { facts } = await refusalOf(ada.client.orders.pay({ id: order.id }, withKey()))
    const caller: Caller = { ...callerOf(of), userId: bob.userId, scopes: new Set(SCOPES) }
    let ended = 0
    const isEnded = () => (ended += 1) === 1
    const db = withDeadlock(service.services.db, isEnded)
    const approval = await approve({ ...service.services, db }, caller, String(facts['approvalId']))
    expect(approval).toMatchObject({ state: 'done' })
    expect(ended).toBeGreaterThan(1)
    expect(await balanceOf(of)).toBe(0)
  })

  test.runIf(isPostgres(kind))('a renewal by itself and money that comes in wait for each other in one order', async () => {
    const { services } = service
    const of = await anAccount(service, { balanceMinor: PRICE })
    const { id } = await issue(of)
    const { management } = await of.client.management.start({ id, spendingLimit: LIMIT })
    clock.moveTo(Date.parse(management?.at ?? ''))
    await advance(id)
    expect(await of.client.certificates.get({ id })).toMatchObject({ management: { problem: { code: 'paymentRequired' } } })
    // What is given back wakes nobody: it can pay when it is tried again, as more comes in.
    const refund = { kind: 'refund', ...LIMIT, reference: 'of another', orderId: null, note: null } as const
    await inTransaction((trx) => moveMoney(services, trx, of.accountId, refund))
    const work = await loadWork(services, id)
    if (work === null) throw new Error('There is no such certificate.')
    const renewing = await inTransaction(async (trx) => {
      let running = Promise.resolve()
      const happens = withAfterFirst(trx, async () => {
        running = renewManaged(services, work)
        await untilItWaits(service, running)
      })
      await topUpBalance(services, happens as Trx, callerOf(of), { ...LIMIT, note: null, reference: 'r1' })
      return { running }
    })
    await renewing.running
    const { renewedByCertificateId, history } = await of.client.certificates.get({ id })
    expect(renewedByCertificateId).not.toBeNull()
    expect(history.filter(({ subject, to }) => subject === 'management' && to === 'failed')).toHaveLength(1) // for want of the money
  })
})
