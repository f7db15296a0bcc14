/** Several currencies for one term, and promotions: what is quoted, frozen in the order, counted and given back. */
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import { EVERCERT_ACTOR } from '../../src/services/context.ts'
import { draftOrder } from '../../src/services/draft-order.ts'
import { expireUnpaidOrders } from '../../src/services/unpaid-orders.ts'
import {
  anAccount,
  buy,
  PRIVATE_MULTI,
  PRIVATE_SINGLE,
  PRIVATE_WILDCARD,
  refusalOf,
  topUp,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const money = (amountMinor: number, currency = 'CNY') => ({ amountMinor, currency })
const aPrice = (amountMinor: number, currency: string, termYears = 1) => ({
  termYears,
  base: money(amountMinor, currency),
  includedDomains: 1,
  extraDomain: money(0, currency),
})
const percent = (value: number) => ({ kind: 'percent' as const, percent: value })
const TITLE = { en: 'Autumn', zh: '秋季优惠' }

oneDatabase((_kind, open) => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    const prices = [aPrice(10_000, 'CNY'), aPrice(1_500, 'USD'), aPrice(1_300, 'EUR'), aPrice(27_000, 'CNY', 3)]
    await service.client.products.update({ id: PRIVATE_SINGLE, prices })
  })
  afterAll(() => service.stop())

  /** Every transaction of the ledger sums to zero (a trigger holds each to it), and balances are the sums of their entries. */
  async function expectSoundBooks(): Promise<void> {
    const sums = await sql`select currency from ledger_entry group by currency having sum(amount_minor) <> 0`.execute(
      service.services.db,
    )
    const wrong = await sql`select b.account_id from balance b where b.amount_minor <> (select coalesce(sum(e.amount_minor), 0)
      from ledger_entry e where e.ledger_account = 'customer:' || b.account_id and e.currency = b.currency)`.execute(
      service.services.db,
    )
    expect([sums.rows, wrong.rows]).toEqual([[], []])
  }
  afterEach(expectSoundBooks)

  const balanceOf = async ({ client }: TestAccount, currency: string): Promise<number> =>
    (await client.balance.get()).balances.find((each) => each.currency === currency)?.amountMinor ?? 0

  describe('currencies', () => {
    test('one that is none is refused wherever money is set or booked, and nothing is kept', async () => {
      const account = await anAccount(service, { balanceMinor: 0 })
      const { client } = account
      const bad = money(100, 'ZZZ')
      const calls = [
        () => client.balance.topUp(bad, withKey()),
        () => client.products.update({ id: PRIVATE_MULTI, prices: [aPrice(100, 'CNY'), aPrice(100, 'ZZZ')] }),
        () => client.promotions.create({ title: TITLE, off: { kind: 'amount', amount: bad } }),
        () => client.management.start({ id: 'crt_00000000000000000000000000', spendingLimit: bad }),
        () => client.rules.set({ spendingLimits: [bad], revocation: false, keyDownload: false, tokensMayDownloadKeys: true }),
      ]
      for (const call of calls)
        expect(await refusalOf(call())).toMatchObject({ code: 'unknownCurrency', status: 422, facts: { currency: 'ZZZ' } })
      expect(await client.balance.get()).toEqual({ balances: [], entries: [] })
      const product = (await client.products.list()).items.find(({ id }) => id === PRIVATE_MULTI)
      expect(product?.prices.map(({ base }) => base.currency)).not.toContain('ZZZ')
      expect((await client.promotions.list()).items).toEqual([])
    })

    test('a term has a price in each; the default is the one in which there is money, else the first', async () => {
      const account = await anAccount(service, { balanceMinor: 0 })
      const quote = (wish: object = {}) => account.client.quotes.create({ productId: PRIVATE_SINGLE, ...wish })
      expect(await quote()).toMatchObject({ price: money(10_000), listPrice: money(10_000), discount: null })
      expect((await quote()).currencies).toEqual(['CNY', 'USD', 'EUR'])
      await topUp(account, 5_000, 'EUR')
      expect((await quote()).price).toEqual(money(1_300, 'EUR'))
      await topUp(account, 1, 'USD')
      expect((await quote()).price).toEqual(money(1_500, 'USD')) // the product's order decides among several
      expect((await quote({ currency: 'CNY' })).price).toEqual(money(10_000))
      expect((await quote({ termYears: 3 })).price).toEqual(money(27_000))
      expect(await refusalOf(quote({ currency: 'JPY' }))).toMatchObject({
        code: 'invalid',
        facts: { field: 'currency', offered: ['CNY', 'USD', 'EUR'] },
      })
      expect(await refusalOf(quote({ termYears: 3, currency: 'USD' }))).toMatchObject({ code: 'invalid' })
    })

    test('an order is paid in its currency from the balance of that currency, and refunded in it', async () => {
      const account = await anAccount(service)
      const { client } = account
      await topUp(account, 2_000, 'USD')
      const before = await balanceOf(account, 'CNY')
      const bought = await buy(account, { productId: PRIVATE_SINGLE, currency: 'USD', expectedAmountMinor: 1_500 })
      expect(bought).toMatchObject({ state: 'paid', price: money(1_500, 'USD') })
      expect([await balanceOf(account, 'USD'), await balanceOf(account, 'CNY')]).toEqual([500, before])
      const second = await client.orders.place({ productId: PRIVATE_SINGLE, currency: 'USD' }, withKey())
      expect(await refusalOf(client.orders.pay({ id: second.id }, withKey()))).toMatchObject({
        code: 'paymentRequired',
        facts: { missingMinor: 1_000, currency: 'USD' },
      })
      const ended = await client.certificates.refund({ id: bought.certificateId ?? '' }, withKey())
      expect(ended.refund).toEqual(money(1_500, 'USD'))
      expect(await balanceOf(account, 'USD')).toBe(2_000)
    })

    test("a managed certificate's limit decides the currency when the product is sold in it", async () => {
      const account = await anAccount(service)
      const { accountId } = account
      const caller = { accountId, tokenId: EVERCERT_ACTOR, actor: EVERCERT_ACTOR, scopes: new Set<never>() }
      const priceFor = async (preferredCurrency: string) => {
        const wish = { request: { productId: PRIVATE_SINGLE }, preferredCurrency }
        const { amountMinor, currency } = await draftOrder(service.services, service.services.db, caller, wish)
        return { amountMinor, currency }
      }
      expect(await priceFor('EUR')).toEqual(money(1_300, 'EUR'))
      expect(await priceFor('JPY')).toEqual(money(10_000))
    })

    test('two prices for a term in one currency are refused', async () => {
      const prices = [aPrice(1, 'CNY'), aPrice(2, 'USD'), aPrice(3, 'CNY')]
      const refused = await refusalOf(service.client.products.update({ id: PRIVATE_SINGLE, prices }))
      expect(refused).toMatchObject({ code: 'invalid' })
    })

    test('what so many domains cost beyond what is counted exactly is refused, not a failure of ours', async () => {
      const most = { amountMinor: Number.MAX_SAFE_INTEGER, currency: 'EUR' }
      await service.client.products.create({
        id: 'beyond-counting',
        title: TITLE,
        specification: { domainType: 'multi', certificateType: 'DV', grade: 'standard', brand: 'Evercert Private CA' },
        issuerId: 'evercert-private',
        supportsRenewal: true,
        prices: [{ termYears: 1, base: most, includedDomains: 1, extraDomain: most }],
      })
      const refused = await refusalOf(service.client.quotes.create({ productId: 'beyond-counting', domainCount: 2 }))
      expect(refused).toMatchObject({ code: 'invalid' })
    })
  })

  describe('promotions', () => {
    type Wish = Partial<Parameters<typeof service.client.promotions.create>[0]>
    const made: string[] = []
    async function aPromotion(wish: Wish = {}) {
      const promotion = await service.client.promotions.create({ title: TITLE, off: percent(20), ...wish })
      made.push(promotion.id)
      return promotion
    }
    afterEach(async () => {
      for (const id of made.splice(0)) await service.client.promotions.withdraw({ id })
    })
    const usesOf = async (id: string): Promise<number | undefined> =>
      (await service.client.promotions.list()).items.find((each) => each.id === id)?.uses

    test('the quote says list price, what is taken off and why; the order keeps it, whatever becomes of the promotion', async () => {
      const account = await anAccount(service)
      const { client } = account
      const promotion = await aPromotion({ productIds: [PRIVATE_MULTI], termYears: [1] })
      const discount = { promotionId: promotion.id, title: TITLE, percent: 20, amount: money(4_000) }
      const expected = { price: money(16_000), listPrice: money(20_000), discount }
      expect(await client.quotes.create({ productId: PRIVATE_MULTI })).toMatchObject(expected)
      expect(await client.quotes.create({ productId: PRIVATE_MULTI, termYears: 2 })).toMatchObject({ discount: null })
      expect(await client.quotes.create({ productId: PRIVATE_SINGLE })).toMatchObject({ discount: null })
      const order = await client.orders.place({ productId: PRIVATE_MULTI, expectedAmountMinor: 16_000 }, withKey())
      expect(order).toMatchObject(expected)
      await service.client.promotions.update({ id: promotion.id, title: { en: 'Other', zh: '其他' } })
      await service.client.promotions.withdraw({ id: promotion.id })
      const before = await balanceOf(account, 'CNY')
      expect(await client.orders.pay({ id: order.id }, withKey())).toMatchObject({ state: 'paid', ...expected })
      expect(await balanceOf(account, 'CNY')).toBe(before - 16_000)
      const paid = await client.orders.get({ id: order.id })
      const { refund } = await client.certificates.refund({ id: paid.certificateId ?? '' }, withKey())
      expect(refund).toEqual(money(16_000)) // what was paid, and not more
      expect(await balanceOf(account, 'CNY')).toBe(before)
      expect(await usesOf(promotion.id)).toBe(1)
    })

    test('a code is entered in any case; what it does not apply to says why; the better one wins', async () => {
      const { client } = await anAccount(service)
      const promotion = await aPromotion({
        code: 'double-11',
        off: { kind: 'amount', amount: money(3_000) },
        productIds: [PRIVATE_SINGLE],
      })
      expect(promotion.code).toBe('DOUBLE-11')
      const quote = (wish: object) => client.quotes.create({ productId: PRIVATE_SINGLE, currency: 'CNY', ...wish })
      expect((await quote({})).discount).toBeNull()
      expect(await quote({ promotionCode: 'Double-11' })).toMatchObject({
        price: money(7_000),
        discount: { promotionId: promotion.id, percent: null, amount: money(3_000) },
      })
      const reasons = [
        [{ promotionCode: 'NOTHING' }, 'unknown'],
        [{ promotionCode: 'DOUBLE-11', productId: PRIVATE_WILDCARD }, 'otherProduct'],
        [{ promotionCode: 'DOUBLE-11', currency: 'USD' }, 'otherCurrency'],
      ] as const
      for (const [wish, reason] of reasons)
        expect(await refusalOf(quote(wish))).toMatchObject({ code: 'promotionNotApplicable', facts: { reason } })
      const everybody = await aPromotion({ off: percent(50) })
      expect((await quote({ promotionCode: 'DOUBLE-11' })).discount).toMatchObject({ promotionId: everybody.id })
      expect(await refusalOf(aPromotion({ code: 'DOUBLE-11' }))).toMatchObject({ code: 'duplicateName' })
      await service.client.promotions.withdraw({ id: promotion.id })
      await aPromotion({ code: 'DOUBLE-11' })
    })

    test('it counts from its start until its end', async () => {
      const { client } = await anAccount(service)
      const at = (days: number) => new Date(service.clock.now() + days * DAY_MS).toISOString()
      const promotion = await aPromotion({ startsAt: at(1), endsAt: at(3) })
      const discount = async () => (await client.quotes.create({ productId: PRIVATE_MULTI })).discount
      expect([promotion.state, await discount()]).toEqual(['upcoming', null])
      service.clock.moveTo(Date.parse(promotion.startsAt))
      expect(await discount()).not.toBeNull()
      await service.client.promotions.update({ id: promotion.id, endsAt: at(1) })
      service.clock.moveTo(service.clock.now() + DAY_MS)
      expect(await discount()).toBeNull()
      expect(await refusalOf(service.client.promotions.update({ id: promotion.id, endsAt: promotion.startsAt }))).toMatchObject({
        code: 'invalid',
        facts: { field: 'endsAt' },
      })
    })

    test('its last use goes to one of many orders at once', async () => {
      const { client } = await anAccount(service)
      const promotion = await aPromotion({ code: 'THREE', maxUses: 3 })
      const wish = { productId: PRIVATE_SINGLE, promotionCode: 'THREE' }
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => client.orders.place(wish, withKey())))
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
      expect(await usesOf(promotion.id)).toBe(3)
      expect(await refusalOf(client.quotes.create(wish))).toMatchObject({ facts: { reason: 'usedUp' } })
      expect(await refusalOf(service.client.promotions.update({ id: promotion.id, maxUses: 2 }))).toMatchObject({
        code: 'invalid',
        facts: { field: 'maxUses', uses: 3 },
      })
    })

    test('a use is given back, once, when its order is cancelled or nobody pays it; a paid one stays counted', async () => {
      const account = await anAccount(service)
      const { client } = account
      const { id } = await aPromotion({ code: 'BACK', maxUses: 3 })
      const place = () => client.orders.place({ productId: PRIVATE_SINGLE, promotionCode: 'BACK' }, withKey())
      const [cancelled, expired, paid] = [await place(), await place(), await place()]
      await client.orders.pay({ id: paid.id }, withKey())
      await Promise.all([1, 2].map(() => client.orders.cancel({ id: cancelled.id }).catch(() => null)))
      expect(await usesOf(id)).toBe(2)
      service.clock.moveTo(service.clock.now() + 2 * DAY_MS)
      await expireUnpaidOrders(service.services)
      expect((await client.orders.get({ id: expired.id })).state).toBe('expired')
      expect(await usesOf(id)).toBe(1)
    })

    test('what is free in the end is paid with nothing', async () => {
      const account = await anAccount(service, { balanceMinor: 0 })
      await aPromotion({ off: percent(100), code: 'FREE' })
      const bought = await buy(account, { productId: PRIVATE_SINGLE, promotionCode: 'FREE' })
      expect(bought).toMatchObject({ state: 'paid', price: money(0), listPrice: money(10_000) })
    })

    test('only the operator sees and changes them', async () => {
      const { client } = await anAccount(service, { scopes: ['orders:read', 'orders:write'] })
      expect(await refusalOf(client.promotions.list())).toMatchObject({ code: 'forbidden' })
      expect(await refusalOf(client.promotions.create({ title: TITLE, off: percent(99) }))).toMatchObject({ code: 'forbidden' })
      const unknown = { title: TITLE, off: percent(5), productIds: ['nothing'] }
      expect(await refusalOf(service.client.promotions.create(unknown))).toMatchObject({ code: 'notFound' })
    })
  })
})
