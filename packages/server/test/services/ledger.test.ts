import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  anAccount,
  anUpload,
  PRIVATE_MULTI,
  PRIVATE_SINGLE,
  refusalOf,
  TRIAL_SINGLE,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** What users do with money, in any order, often wrongly. Numbers choose among what is there. */
const anAction = fc.oneof(
  fc.record({ do: fc.constant('topUp' as const), amountMinor: fc.integer({ min: 1, max: 40_000 }), again: fc.boolean() }),
  fc.record({ do: fc.constant('place' as const), product: fc.constantFrom(PRIVATE_SINGLE, PRIVATE_MULTI, TRIAL_SINGLE) }),
  fc.record({ do: fc.constant('renew' as const) }),
  fc.record({ do: fc.constant('pay' as const), order: fc.nat(20), times: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('cancel' as const), order: fc.nat(20) }),
  fc.record({ do: fc.constant('payAndCancel' as const), order: fc.nat(20) }),
  fc.record({ do: fc.constant('payAll' as const) }),
)
type Action = typeof anAction extends fc.Arbitrary<infer Each> ? Each : never

eachDatabase((_kind, open) => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  })
  afterAll(() => service.stop())

  async function perform(account: TestAccount, uploadId: string, orders: string[], action: Action): Promise<void> {
    const { client } = account
    const pay = (id: string) => client.orders.pay({ id }, withKey())
    const orderAt = (index: number) => orders[index % Math.max(1, orders.length)] ?? 'ord_none'
    const place = async (wish: Parameters<typeof client.orders.place>[0]) => {
      orders.push((await client.orders.place(wish, withKey())).id)
    }
    switch (action.do) {
      case 'topUp': {
        const money = { amountMinor: action.amountMinor, currency: 'CNY' }
        const key = withKey()
        await Promise.all((action.again ? [1, 2] : [1]).map(() => client.balance.topUp(money, key)))
        return
      }
      case 'place':
        return place({ productId: action.product })
      case 'renew':
        return place({ renewsCertificateId: uploadId, productId: PRIVATE_SINGLE })
      case 'pay':
        await Promise.all(Array.from({ length: action.times }, () => pay(orderAt(action.order))))
        return
      case 'cancel':
        await client.orders.cancel({ id: orderAt(action.order) })
        return
      case 'payAndCancel': {
        const id = orderAt(action.order)
        await Promise.allSettled([pay(id), client.orders.cancel({ id })])
        return
      }
      case 'payAll':
        await Promise.allSettled(orders.map((id) => pay(id)))
    }
  }

  interface Books {
    readonly unbalanced: number
    readonly total: number
    readonly balance: number
    readonly entries: number
    readonly paidOrders: number
    readonly paid_minor: number
    readonly charges: number
    readonly charged_minor: number
    readonly certificates: number
    readonly liveRenewals: number
  }

  async function readBooks({ accountId }: TestAccount): Promise<Books> {
    const { rows } = await sql<Books>`select
      (select count(*) from (select 1 from ledger_entry where account_id = ${accountId}
        group by transaction_id having sum(amount_minor) <> 0) odd)::int as unbalanced,
      (select coalesce(sum(amount_minor), 0) from ledger_entry where account_id = ${accountId})::int as total,
      (select coalesce(sum(amount_minor), 0) from balance where account_id = ${accountId})::int as balance,
      (select coalesce(sum(amount_minor), 0) from ledger_entry
        where account_id = ${accountId} and ledger_account = ${`customer:${accountId}`})::int as entries,
      (select count(*) from "order" where account_id = ${accountId} and state = 'paid')::int as "paidOrders",
      (select coalesce(sum(amount_minor), 0) from "order" where account_id = ${accountId} and state = 'paid')::int as paid_minor,
      (select count(*) from payment where account_id = ${accountId} and state = 'succeeded')::int as charges,
      (select coalesce(sum(amount_minor), 0) from ledger_entry e where e.account_id = ${accountId} and e.ledger_account = 'revenue')::int
        as charged_minor,
      (select count(*) from certificate where account_id = ${accountId} and origin = 'purchased')::int as certificates,
      (select count(*) from renewal where account_id = ${accountId} and state <> 'cancelled')::int as "liveRenewals"
      `.execute(service.services.db)
    return rows[0] as Books
  }

  test('whatever users do, the ledger sums to zero, balances are its sums, and paid orders, charges and certificates are one each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anAction, { minLength: 4, maxLength: 14 }), async (actions) => {
        const account = await anAccount(service, { balanceMinor: 0 })
        const { id: uploadId } = await anUpload(account, { daysLeft: 20 })
        const orders: string[] = []
        // A refusal is an answer like any other; what must hold is what is in the books afterwards.
        for (const action of actions) await perform(account, uploadId, orders, action).catch(() => {})
        const books = await readBooks(account)
        expect(books).toMatchObject({ unbalanced: 0, total: 0, balance: books.entries })
        expect(books.balance).toBeGreaterThanOrEqual(0)
        expect(books).toMatchObject({
          charges: books.paidOrders,
          certificates: books.paidOrders,
          charged_minor: books.paid_minor,
        })
        expect(books.liveRenewals).toBeLessThanOrEqual(1)
      }),
      { numRuns: 12 },
    )
  })

  test('the balance and its entries are shown newest first, with what they were for', async () => {
    const account = await anAccount(service, { balanceMinor: 30_000 })
    const order = await account.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    await account.client.orders.pay({ id: order.id }, withKey())
    const balance = await account.client.balance.get()
    expect(balance.balances).toEqual([{ amountMinor: 20_000, currency: 'CNY' }])
    expect(balance.entries).toMatchObject([
      { kind: 'payment', amount: { amountMinor: -10_000, currency: 'CNY' }, orderId: order.id },
      { kind: 'topUp', amount: { amountMinor: 30_000, currency: 'CNY' }, orderId: null },
    ])
  })

  test('money in one currency does not pay a price in another', async () => {
    const account = await anAccount(service, { balanceMinor: 0 })
    await account.client.balance.topUp({ amountMinor: 1_000_000, currency: 'EUR' }, withKey())
    const order = await account.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const refusal = await refusalOf(account.client.orders.pay({ id: order.id }, withKey()))
    expect(refusal).toMatchObject({ code: 'paymentRequired', facts: { missingMinor: 10_000, currency: 'CNY' } })
  })

  test('a balance beyond what a number can hold exactly is refused, not rounded', async () => {
    const account = await anAccount(service, { balanceMinor: 0 })
    const most = { amountMinor: 1_000_000_000_00, currency: 'CNY' }
    const { db } = service.services
    await account.client.balance.topUp(most, withKey())
    // Ninety top-ups more would do the same, slowly.
    await db
      .updateTable('balance')
      .set({ amount_minor: Number.MAX_SAFE_INTEGER - 5 })
      .where('account_id', '=', account.accountId)
      .execute()
    expect(await refusalOf(account.client.balance.topUp(most, withKey()))).toMatchObject({ code: 'invalid' })
    expect((await account.client.balance.get()).balances).toEqual([{ amountMinor: Number.MAX_SAFE_INTEGER - 5, currency: 'CNY' }])
  })
})
