/** Whatever is cancelled, refunded, revoked and deleted, in any order and at once: the books are right and nobody is paid twice. */
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { aForm, anAccount, anUpload, aSite, PRIVATE_SINGLE, refusalOf, withKey, type TestAccount } from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const which = fc.nat(5)
const anAction = fc.oneof(
  fc.record({ do: fc.constantFrom('buy', 'renewUpload') }),
  fc.record({ do: fc.constantFrom('obtain', 'withdraw', 'revoke', 'remove', 'cancelOrder'), which }),
  fc.record({ do: fc.constantFrom('cancel', 'refund'), which, times: fc.integer({ min: 1, max: 3 }), sameKey: fc.boolean() }),
  fc.record({ do: fc.constantFrom('cancelWithoutRefund', 'cancelAndRefund', 'refundAndObtain'), which }),
  fc.record({ do: fc.constant('wait'), days: fc.integer({ min: 1, max: 6 }) }),
)
type Action = typeof anAction extends fc.Arbitrary<infer Each> ? Each : never

eachDatabase((_kind, open) => {
  let service: TestService
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)

  interface World {
    readonly account: TestAccount
    readonly uploadId: string
    readonly ids: string[]
  }

  async function perform({ account, uploadId, ids }: World, action: Action): Promise<void> {
    const { client } = account
    const id = 'which' in action ? (ids[action.which % Math.max(1, ids.length)] ?? uploadId) : uploadId
    const buy = async (wish: object) => {
      const order = await client.orders.place({ productId: PRIVATE_SINGLE, ...wish }, withKey())
      const paid = await client.orders.pay({ id: order.id }, withKey())
      ids.push(paid.certificateId ?? '')
    }
    const obtain = async () => {
      await client.applications.submit({ id, ...aForm([aSite(service)]) })
      await advance(id)
    }
    const end = (how: 'cancel' | 'refund', key = withKey()) => client.certificates[how]({ id }, key)
    switch (action.do) {
      case 'buy':
        return buy({})
      case 'renewUpload':
        return buy({ renewsCertificateId: uploadId })
      case 'obtain':
        return obtain()
      case 'withdraw':
        await client.applications.withdraw({ id })
        return
      case 'revoke':
        await client.certificates.revoke({ id })
        return advance(id)
      case 'remove':
        await client.certificates.remove({ id })
        return
      case 'cancelOrder':
        await client.orders.cancel({ id: (await client.certificates.get({ id })).orderId ?? '' })
        return
      case 'cancel':
      case 'refund': {
        if (!('times' in action)) return
        const key = withKey()
        await Promise.allSettled(Array.from({ length: action.times }, () => end(action.do, action.sameKey ? key : withKey())))
        return
      }
      case 'cancelWithoutRefund':
        await client.certificates.cancel({ id, withoutRefund: true }, withKey())
        return
      case 'cancelAndRefund':
        await Promise.allSettled([end('cancel'), end('refund')])
        return
      case 'refundAndObtain':
        await Promise.allSettled([end('refund'), obtain()])
        return
      case 'wait':
        clock.advance(('days' in action ? action.days : 0) * DAY_MS)
    }
  }

  async function readBooks({ accountId }: TestAccount) {
    const { rows } = await sql<Record<string, number>>`select
      (select count(*) from (select 1 from ledger_entry where account_id = ${accountId}
        group by transaction_id having sum(amount_minor) <> 0) odd)::int as unbalanced,
      (select coalesce(sum(amount_minor), 0) from ledger_entry where account_id = ${accountId})::int as total,
      (select coalesce(sum(amount_minor), 0) from balance where account_id = ${accountId})::int as balance,
      (select coalesce(sum(amount_minor), 0) from ledger_entry
        where account_id = ${accountId} and ledger_account = ${`customer:${accountId}`})::int as entries,
      (select coalesce(sum(amount_minor), 0) from "order" where account_id = ${accountId} and state = 'paid')::int as paid,
      (select coalesce(sum(amount_minor), 0) from ledger_entry where account_id = ${accountId} and ledger_account = 'revenue')::int
        as revenue,
      (select count(*) from "order" where account_id = ${accountId} and state = 'refunded')::int as "refundedOrders",
      (select count(*) from payment where account_id = ${accountId} and state = 'refunded')::int as "refundedPayments",
      (select count(*) from ledger_transaction where account_id = ${accountId} and kind = 'refund')::int as refunds,
      (select count(*) from certificate c join "order" o on o.id = c.order_id where c.account_id = ${accountId}
        and o.state = 'refunded' and (c.closed_as is null or c.closed_as = 'closed'))::int as "refundedAndKept",
      (select count(*) from certificate c join "order" o on o.id = c.order_id where c.account_id = ${accountId}
        and o.state = 'refunded' and c.issuance_id is not null and c.revoked_at is null)::int as "refundedAndValid",
      (select count(*) from renewal r join certificate c on c.id = r.new_certificate_id where r.account_id = ${accountId}
        and r.state in ('open', 'attention') and c.closed_as is not null)::int as "renewalsOfNothing"`.execute(
      service.services.db,
    )
    return rows[0] ?? {}
  }

  test('the same key gives the same answer and one effect; with another request it is refused', async () => {
    const account = await anAccount(service, { balanceMinor: 50_000 })
    const order = await account.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const { certificateId } = await account.client.orders.pay({ id: order.id }, withKey())
    const [id, key] = [certificateId ?? '', withKey()]
    const first = await account.client.certificates.cancel({ id }, key)
    expect(await account.client.certificates.cancel({ id }, key)).toEqual(first)
    expect(first).toMatchObject({ refund: { amountMinor: 10_000 }, order: { state: 'refunded' }, oldCertificateId: null })
    const other = await refusalOf(account.client.certificates.cancel({ id, withoutRefund: true }, key))
    expect(other.code).toBe('idempotencyKeyReused')
    expect((await account.client.balance.get()).entries.map(({ kind }) => kind)).toEqual(['refund', 'payment', 'topUp'])
  })

  test('the ledger sums to zero, one refund for each refunded order, and nothing that was refunded is valid', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anAction, { minLength: 6, maxLength: 14 }), async (actions) => {
        clock.moveTo(DEFAULT_START)
        const account = await anAccount(service, { balanceMinor: 50_000 })
        const { id: uploadId } = await anUpload(account, { daysLeft: 25 })
        const world = { account, uploadId, ids: [] }
        // A refusal is an answer like any other; what must hold is what is in the books afterwards.
        for (const action of [{ do: 'buy' } as const, ...actions]) await perform(world, action).catch(() => {})
        const books = await readBooks(account)
        expect(books).toMatchObject({ unbalanced: 0, total: 0, refundedAndKept: 0, refundedAndValid: 0, renewalsOfNothing: 0 })
        expect(books).toMatchObject({ balance: books['entries'], revenue: books['paid'] })
        expect([books['refundedPayments'], books['refunds']]).toEqual([books['refundedOrders'], books['refundedOrders']])
      }),
      { numRuns: 8 },
    )
  })
})
