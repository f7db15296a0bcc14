/** What happens between the look at an order and the transaction that pays it, or beside that transaction. */
import { sql } from 'kysely'
import type { CertificateDetail, OrderView } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Db } from '../../src/db/connect.ts'
import type { Trx } from '../../src/db/transition.ts'
import type { Caller } from '../../src/services/context.ts'
import { runOnceWith } from '../../src/services/idempotency.ts'
import { draftQuoted, placeOrder } from '../../src/services/orders.ts'
import { payAsRead, payOrder, readPayable } from '../../src/services/payments.ts'
import { payWithinRules } from '../../src/services/approvals/pay.ts'
import { lockAccount } from '../../src/services/approvals/rules.ts'
import { receiveFor } from '../../src/services/provider-payments/settle.ts'
import {
  aForeignCertificate,
  aMember,
  anAccount,
  anUpload,
  CURRENCY,
  PRIVATE_SINGLE,
  refusalOf,
  topUp,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase, isPostgres } from '../support/databases.ts'
import { withAfterFirst, withBefore } from '../support/in-between.ts'
import { outcomeOf, untilItWaits } from '../support/lock-waits.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const PRICE = 10_000

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

  test('rules that are tightened between the gate and the transaction hold', async () => {
    const of = await anAccount(service, { balanceMinor: PRICE })
    const [ada] = [await aMember(of, 'owner'), await aMember(of, 'owner')]
    const order = await of.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const db = withBefore(
      service.services.db,
      once(() => ada.client.rules.set(STRICT)),
    )
    const services = { ...service.services, db }
    const call = { key: null, operation: 'orders.pay', request: {} }
    const paying = payWithinRules(services, callerOf(of), call, { id: order.id, method: 'balance' })
    expect(await outcomeOf(paying)).toEqual({ code: 'secondPersonNeeded' })
    expect(await of.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed' })
    expect(await balanceOf(of)).toBe(PRICE)
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
    const [services, caller] = [{ ...service.services, db }, callerOf(of)]
    const call = { key: null, operation: 'orders.place', request: {} }
    const read = () => draftQuoted(services, caller, renewalOf(old))
    const placing = runOnceWith(services, caller, call, read, (trx, draft) => placeOrder(services, trx, caller, draft))
    expect(await outcomeOf(placing)).toEqual({ code })
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
})
