/** What an operator changes of issuers and brands at run time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { up as shippedBrandTitles } from '../../src/db/migrations/0058-shipped-brand-titles.ts'
import { openIssuer } from '../../src/services/catalogue.ts'
import {
  aForm,
  anAccount,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  refusalOf,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const SECRET = 'c2VjcmV0LWhtYWMta2V5'
const DIRECTORY = 'https://ca.example.com/directory'
const SETTINGS = { directoryUrl: DIRECTORY, eab: { keyId: 'kid', hmacKey: SECRET }, contacts: ['ops@example.com'] }

oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service)
    await service.client.issuers.create({ id: 'other', title: 'Other', kind: 'acme', config: SETTINGS })
  })
  afterAll(() => service.stop())

  async function storedSettings(): Promise<{ eab?: { hmacKey: string }; profile?: string }> {
    const { db, vault } = service.services
    const row = await db.selectFrom('issuer').select('config_secret_id').where('id', '=', 'other').executeTakeFirstOrThrow()
    return JSON.parse(await vault.open(db, row.config_secret_id, 'issuerConfig')) as { eab: { hmacKey: string } }
  }

  describe('issuers', () => {
    test('settings are shown without their secrets, which stay when a change leaves them out', async () => {
      const shown = await service.client.issuers.get({ id: 'other' })
      expect(shown).toMatchObject({ config: { directoryUrl: DIRECTORY, eab: { keyId: 'kid' } }, secretsSet: ['eab.hmacKey'] })
      expect(JSON.stringify(shown)).not.toContain(SECRET)
      const changed = await service.client.issuers.update({ id: 'other', config: { ...shown.config, profile: 'tlsserver' } })
      expect(changed.config).toEqual({ ...shown.config, profile: 'tlsserver' })
      expect(await storedSettings()).toMatchObject({ profile: 'tlsserver', eab: { hmacKey: SECRET } })
      const eab = { keyId: 'kid', hmacKey: 'YW5vdGhlcg' }
      await service.client.issuers.update({ id: 'other', config: { ...shown.config, eab } })
      expect((await storedSettings()).eab).toEqual(eab)
      const without = await service.client.issuers.update({ id: 'other', config: { directoryUrl: DIRECTORY } })
      expect([without.secretsSet, (await storedSettings()).eab]).toEqual([[], undefined])
      await service.client.issuers.update({ id: 'other', config: SETTINGS })
    })

    test('title and root change by themselves, and a root can be taken away', async () => {
      const rootPem = createRoot().pem
      const update = service.client.issuers.update
      expect(await update({ id: 'other', title: 'Another', rootPem })).toMatchObject({ title: 'Another', rootPem })
      expect(await update({ id: 'other', rootPem: null })).toMatchObject({ title: 'Another', rootPem: null })
      expect(await refusalOf(update({ id: 'other', rootPem: 'nonsense' }))).toMatchObject({ code: 'badCertificate' })
    })

    test('new settings hold at once for what is done at the CA next', async () => {
      const portOf = async () => (await openIssuer(service.services, 'other')).capabilities.fileValidationPorts.http
      const first = await openIssuer(service.services, 'other')
      expect([await openIssuer(service.services, 'other'), await portOf()]).toEqual([first, 80])
      await service.client.issuers.update({ id: 'other', config: { ...SETTINGS, fileValidationHttpPort: 5002 } })
      expect(await portOf()).toBe(5002)
    })

    test.each([
      ['another directory', { ...SETTINGS, directoryUrl: 'https://elsewhere.example.com/directory' }],
      ['another rule', { ...SETTINGS, validityRule: 'private' }],
      ['a setting that there is not', { ...SETTINGS, colour: 'red' }],
      ['a setting that is wrong', { ...SETTINGS, contacts: ['nobody'] }],
    ])('%s is refused, and changes nothing', async (_what, config) => {
      const before = await service.client.issuers.get({ id: 'other' })
      expect(await refusalOf(service.client.issuers.update({ id: 'other', title: 'New', config }))).toMatchObject({
        code: 'invalid',
      })
      expect(await service.client.issuers.get({ id: 'other' })).toEqual(before)
    })

    test('the settings of a built-in CA come from the environment; its title does not', async () => {
      const { update, get } = service.client.issuers
      const { config, title } = await get({ id: 'evercert-private' })
      expect(await refusalOf(update({ id: 'evercert-private', config }))).toMatchObject({ code: 'conflict' })
      expect((await update({ id: 'evercert-private', title: 'House CA' })).title).toBe('House CA')
      await update({ id: 'evercert-private', title })
    })

    test('a retired issuer takes no orders, what was sold goes on, and it can be restored', async () => {
      const { client } = account
      const placed = await client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
      const { id } = await buyCertificate(account)
      const retired = await service.client.issuers.retire({ id: 'evercert-private' })
      expect(retired.retiredAt).not.toBeNull()
      expect(await service.client.issuers.retire({ id: 'evercert-private' })).toEqual(retired)
      const product = (await client.products.list()).items.find((each) => each.id === PRIVATE_SINGLE)
      expect(product).toMatchObject({ retiredAt: null, issuerRetiredAt: retired.retiredAt })
      expect(await refusalOf(client.quotes.create({ productId: PRIVATE_SINGLE }))).toMatchObject({ code: 'productRetired' })
      expect(await refusalOf(client.orders.place({ productId: PRIVATE_SINGLE }))).toMatchObject({ code: 'productRetired' })
      expect(await client.orders.pay({ id: placed.id })).toMatchObject({ state: 'paid' })
      await client.applications.submit({ id, ...aForm([aSite(service)]) })
      await advanceCertificate(service.services, id, new AbortController().signal)
      expect(await client.certificates.get({ id })).toMatchObject({ status: 'issued' })
      expect(await service.client.issuers.restore({ id: 'evercert-private' })).toMatchObject({ retiredAt: null })
      expect(await client.orders.place({ productId: PRIVATE_SINGLE })).toMatchObject({ state: 'placed' })
    })

    test('only the operator sees settings and changes them', async () => {
      const { client } = await anAccount(service, { scopes: ['orders:read', 'orders:write'] })
      expect((await client.issuers.list()).items.map(({ id }) => id)).toContain('other')
      expect(await refusalOf(client.issuers.get({ id: 'other' }))).toMatchObject({ code: 'forbidden' })
      expect(await refusalOf(client.issuers.retire({ id: 'other' }))).toMatchObject({ code: 'forbidden' })
      expect(await refusalOf(service.client.issuers.get({ id: 'nobody' }))).toMatchObject({ code: 'notFound' })
    })
  })

  describe('brands', () => {
    test('an earlier installation gets the Chinese titles of the brands that came with it, but for those that its operator named', async () => {
      const { db } = service.services
      const titles = async () => {
        const { items } = await service.client.brands.list()
        return Object.fromEntries(items.map(({ name, title }) => [name, title.zh]))
      }
      const shipped = await titles()
      await db
        .updateTable('brand')
        .set((set) => ({ title_zh: set.ref('name') }))
        .execute()
      await db.updateTable('brand').set({ title_zh: '我们的试用' }).where('name', '=', 'Evercert Trial').execute()
      await shippedBrandTitles(db as never)
      expect(await titles()).toEqual({ ...shipped, 'Evercert Trial': '我们的试用' })
      await db.updateTable('brand').set({ title_zh: 'Evercert 试用' }).where('name', '=', 'Evercert Trial').execute()
    })

    const price = { amountMinor: 1, currency: 'CNY' }
    const product = (id: string, brand: string) => ({
      id,
      title: { en: id, zh: id },
      specification: { domainType: 'single' as const, certificateType: 'DV' as const, grade: 'standard', brand },
      issuerId: 'evercert-private',
      supportsRenewal: true,
      prices: [{ termYears: 1, base: price, includedDomains: 1, extraDomain: price }],
    })

    test('have titles in both languages, which products show', async () => {
      const { brands, products } = service.client
      const name = '某品牌 / No. 1'
      expect(await brands.create({ name, title: { en: 'Some', zh: '某' } })).toMatchObject({ products: 0 })
      expect(await refusalOf(brands.create({ name, title: { en: 'a', zh: 'b' } }))).toMatchObject({ code: 'duplicateName' })
      await products.create({ ...product('of-some', name), createBrand: false })
      const title = { en: 'Some brand', zh: '某品牌' }
      expect(await brands.update({ name, title })).toEqual({ name, title, products: 1 })
      expect((await products.list()).items.find(({ id }) => id === 'of-some')?.brandTitle).toEqual(title)
      expect(await refusalOf(brands.update({ name: 'nobody', title }))).toMatchObject({ code: 'notFound' })
      const { client } = await anAccount(service, { scopes: ['orders:read'] })
      expect((await client.brands.list()).items).toContainEqual({ name, title, products: 1 })
    })

    test('an unknown one is added with its product, or refused with those that there are', async () => {
      const { products, brands } = service.client
      const refused = await refusalOf(products.create({ ...product('of-typo', 'Evercert Privat CA'), createBrand: false }))
      expect(refused).toMatchObject({ code: 'unknownBrand' })
      expect(refused.facts['brands']).toContain('Evercert Private CA')
      expect((await products.list()).items.map(({ id }) => id)).not.toContain('of-typo')
      await products.create(product('of-new', 'Brand New'))
      expect((await brands.list()).items).toContainEqual({
        name: 'Brand New',
        title: { en: 'Brand New', zh: 'Brand New' },
        products: 1,
      })
    })
  })
})
