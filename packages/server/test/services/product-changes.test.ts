import { afterAll, beforeAll, expect, test } from 'vitest'
import { anAccount, buy, PRIVATE_SINGLE, refusalOf, withKey, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  const yuan = (amountMinor: number) => ({ amountMinor, currency: 'CNY' })
  const aPrice = (amountMinor: number, termYears = 1) => ({
    termYears,
    base: yuan(amountMinor),
    includedDomains: 1,
    extraDomain: yuan(0),
  })

  test('a new price holds for the next quote; a placed order keeps its own, also when it is paid later', async () => {
    const { client } = account
    const placed = await client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const changed = await client.products.update({ id: PRIVATE_SINGLE, prices: [aPrice(12_300), aPrice(20_000, 2)] })
    expect(changed.prices).toEqual([aPrice(12_300), aPrice(20_000, 2)])
    expect((await client.quotes.create({ productId: PRIVATE_SINGLE })).price).toEqual(yuan(12_300))
    expect(await client.orders.pay({ id: placed.id }, withKey())).toMatchObject({ state: 'paid', price: yuan(10_000) })
    const three = { productId: PRIVATE_SINGLE, termYears: 3 }
    expect(await refusalOf(client.quotes.create(three))).toMatchObject({ code: 'invalid' })
  })

  test.each([[[]], [[aPrice(-1)]], [[aPrice(1), aPrice(2)]], [[aPrice(1, 4)]]])('prices %j are refused', async (prices) => {
    const refused = await refusalOf(account.client.products.update({ id: PRIVATE_SINGLE, prices }))
    expect(refused).toMatchObject({ code: 'invalid' })
  })

  test('a retired product is not sold, what was sold goes on, and it can be restored', async () => {
    const { client } = account
    const id = 'evercert-private-dv-wildcard'
    const [placed, sold] = [await client.orders.place({ productId: id }, withKey()), await buy(account, { productId: id })]
    const retired = await client.products.retire({ id })
    expect(retired.retiredAt).not.toBeNull()
    expect(await client.products.retire({ id })).toEqual(retired)
    expect(await refusalOf(client.quotes.create({ productId: id }))).toMatchObject({ code: 'productRetired' })
    expect(await refusalOf(client.orders.place({ productId: id }, withKey()))).toMatchObject({ code: 'productRetired' })
    expect(await client.orders.pay({ id: placed.id }, withKey())).toMatchObject({ state: 'paid' })
    expect(await client.certificates.get({ id: sold.certificateId ?? '' })).toMatchObject({ status: 'pendingApplication' })
    expect(await client.products.restore({ id })).toMatchObject({ retiredAt: null })
    expect(await client.orders.place({ productId: id }, withKey())).toMatchObject({ state: 'placed' })
    expect(await refusalOf(client.products.retire({ id: 'nothing' }))).toMatchObject({ code: 'notFound' })
  })
})
