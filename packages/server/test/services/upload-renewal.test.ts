/** FD, DOMAIN §3.6 and §3.8: how an uploaded certificate is renewed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { addCalendarYears, DAY_MS } from '../../src/domain/time.ts'
import { createBrand } from '../../src/services/brands.ts'
import { createProduct } from '../../src/services/catalogue.ts'
import {
  aCompany,
  aForm,
  aSite,
  anAccount,
  anUpload,
  buy,
  obtain,
  PRIVATE_MULTI,
  PRIVATE_SINGLE,
  refusalOf,
  type TestAccount,
  withKey,
} from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

const DV = '2.23.140.1.2.1'
const OV = '2.23.140.1.2.2'

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open() })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  /** As a known CA would have sold it, 20 days before its end. */
  const sold = (names: readonly string[], policies: readonly string[], organization?: string) =>
    createRoot({
      commonName: 'GlobalSign Test CA',
      organization: 'GlobalSign nv-sa',
      notAfter: service.clock.now() + 4000 * DAY_MS,
    }).issue({
      names,
      policies,
      ...(organization === undefined ? {} : { organization }),
      notBefore: service.clock.now() - 345 * DAY_MS,
      notAfter: service.clock.now() + 20 * DAY_MS,
    })

  test('FD §3.6: nothing is preselected; the quote says which attributes match, which differ, and which nobody can tell', async () => {
    const old = await anUpload(account, { leaf: sold([aSite(service)], [DV]) })
    expect(old).toMatchObject({
      specification: null,
      knownSpecification: { domainType: 'single', certificateType: 'DV', grade: null, brand: 'GlobalSign' },
    })
    expect(await refusalOf(account.client.quotes.create({ renewsCertificateId: old.id }))).toMatchObject({
      code: 'invalid',
      facts: { field: 'productId' },
    })
    const quote = await account.client.quotes.create({ renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    expect(quote).toMatchObject({ sameSpecification: false, changed: ['brand'], unknown: ['grade'] })
    expect(quote.comparison?.en).toBe(
      'Equal: domain type, certificate type. Different: brand (GlobalSign → Evercert Private CA). ' +
        'The certificate does not tell: grade; compare with your old purchase. ' +
        'The new certificate will be of another kind than the old one: check that it covers the same names and that your clients trust its brand.',
    )
    expect(quote.comparison?.zh).toMatch(
      /一致：域名类型、证书类型。不一致：证书品牌（GlobalSign → Evercert Private CA）。.*证书等级/,
    )
  })

  test('FD §3.3: an upload is judged by its own brand: refused, by name, where nothing that is sold under it can be renewed', async () => {
    const brand = 'RapidSSL'
    const leaf = createRoot({ commonName: 'RapidSSL Test CA', notAfter: service.clock.now() + 4000 * DAY_MS }).issue({
      names: [aSite(service)],
      notBefore: service.clock.now() - 345 * DAY_MS,
      notAfter: service.clock.now() + 20 * DAY_MS,
    })
    const { id } = await anUpload(account, { leaf })
    const renewal = async () => (await account.client.certificates.get({ id })).renewal
    const sell = async (productId: string, supportsRenewal: boolean): Promise<unknown> =>
      createProduct(service.services, {
        id: productId,
        title: { en: productId, zh: productId },
        issuerId: 'evercert-public',
        specification: { domainType: 'single', certificateType: 'DV', grade: 'standard', brand },
        supportsRenewal,
        prices: [
          {
            termYears: 1,
            base: { amountMinor: 100, currency: 'CNY' },
            includedDomains: 1,
            extraDomain: { amountMinor: 0, currency: 'CNY' },
          },
        ],
      })
    expect(await renewal()).toMatchObject({ eligible: true, reasons: [] })
    await createBrand(service.services, { name: brand, title: { en: brand, zh: brand } })
    await sell('rapid-free', false)
    expect(await renewal()).toMatchObject({
      eligible: false,
      action: null,
      reasons: [{ code: 'renewalBrandUnsupported', facts: { brand } }],
    })
    expect(await refusalOf(account.client.quotes.create({ renewsCertificateId: id, productId: PRIVATE_SINGLE }))).toMatchObject({
      code: 'renewalBrandUnsupported',
      facts: { brand },
    })
    await sell('rapid-paid', true)
    expect(await renewal()).toMatchObject({ eligible: true, reasons: [] })
  })

  test('FD §3.6: a mismatch in domain type and certificate type is named with both sides', async () => {
    const old = await anUpload(account, { leaf: sold([aSite(service), aSite(service)], [OV], 'Example Ltd') })
    const quote = await account.client.quotes.create({
      renewsCertificateId: old.id,
      productId: 'evercert-private-dv-wildcard',
      domainCount: 1,
    })
    expect(quote).toMatchObject({ changed: ['domainType', 'certificateType', 'brand'], unknown: ['grade'] })
    expect(quote.comparison?.en).toContain('domain type (multi → wildcard), certificate type (OV → DV)')
    expect(quote.comparison?.zh).toContain('域名类型（多域名 → 通配符）、证书类型（OV → DV）')
  })

  test('FD §3.6: what cannot be told is neither a match nor a mismatch, and nothing is warned of', async () => {
    const old = await anUpload(account, { daysLeft: 20 })
    const quote = await account.client.quotes.create({ renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    expect(quote).toMatchObject({ sameSpecification: false, changed: [], unknown: ['grade', 'brand'] })
    expect(quote.comparison?.en).toBe(
      'Equal: domain type, certificate type. The certificate does not tell: grade, brand; compare with your old purchase.',
    )
  })

  test('FD §3.6 and §3.8: the application is prefilled from the names, and the certificate lasts one year from issuance, never topped up', async () => {
    const [first, second] = [aSite(service), aSite(service)]
    const old = await anUpload(account, { leaf: sold([first, second], [DV]) })
    const order = await buy(account, { renewsCertificateId: old.id, productId: PRIVATE_MULTI })
    expect(order).toMatchObject({ domainCount: 2, termYears: 1 })
    const id = order.certificateId ?? ''
    const draft = await account.client.applications.get({ id })
    expect(draft).toMatchObject({
      state: 'draft',
      prefilledFrom: old.id,
      form: { domains: [first, second], key: 'p256', csrPem: null },
    })
    const renewed = await obtain(account, id, aForm(draft.form.domains))
    const issuedAt = Date.parse(renewed.notBefore ?? '')
    const entitledUntil = Date.parse(renewed.entitlement?.entitledUntil ?? '')
    expect(renewed.entitlement).toMatchObject({ termYears: 1, toppedUpDays: 0 })
    // The CA dates a certificate back a little; the year counts from the issuance itself.
    expect(Math.abs(entitledUntil - addCalendarYears(issuedAt, 1))).toBeLessThan(2 * 3_600_000)
    expect(entitledUntil).toBeLessThan(addCalendarYears(Date.parse(old.notAfter ?? ''), 1) - 15 * DAY_MS)
  })

  test('IP addresses of an upload are shown, and quote and order say before payment that its renewal will not have them', async () => {
    const [site, plain] = [aSite(service), aSite(service)]
    const old = await anUpload(account, { leaf: sold([site, '192.0.2.7', '2001:db8::7'], [DV]) })
    expect(old).toMatchObject({ domains: [site], ipAddresses: ['192.0.2.7', '2001:db8::7'] })
    const request = { renewsCertificateId: old.id, productId: PRIVATE_SINGLE }
    const quote = await account.client.quotes.create(request)
    expect(quote.notCarriedOver).toMatchObject({ code: 'ipAddresses', values: ['192.0.2.7', '2001:db8::7'] })
    for (const text of Object.values(quote.notCarriedOver?.text ?? {})) expect(text).toMatch(/192\.0\.2\.7.+2001:db8::7/)
    const { id } = await account.client.orders.place(request, withKey())
    expect((await account.client.orders.get({ id })).offer?.notCarriedOver).toEqual(quote.notCarriedOver)
    const without = await anUpload(account, { leaf: sold([plain], [DV]) })
    expect(without.ipAddresses).toEqual([])
    expect((await account.client.quotes.create({ ...request, renewsCertificateId: without.id })).notCarriedOver).toBeNull()
  })

  test('FD §3.8: a mixed product takes the prefilled application of an upload as it is, wildcard first among its names or not', async () => {
    const site = aSite(service)
    const old = await anUpload(account, { leaf: sold([`*.${site}`, site], [DV]) })
    const { certificateId } = await buy(account, { renewsCertificateId: old.id, productId: 'evercert-private-dv-mixed' })
    const id = certificateId ?? ''
    const { form } = await account.client.applications.get({ id })
    expect(form.domains).toEqual([site, `*.${site}`])
    await account.client.applications.submit({ id, ...form })
    expect((await account.client.applications.get({ id })).form.domains).toEqual([site, `*.${site}`])
  })

  test('FD §3.8: the organisation of the subject is the company of OV and EV, where the account has one of this name', async () => {
    const company = await account.client.companies.create(aCompany({ name: 'Sold To Limited' }))
    const [known, unknown] = await Promise.all(
      ['SOLD TO LIMITED', 'Another Limited'].map(async (organization) => {
        const leaf = createRoot().issue({
          names: [aSite(service)],
          organization,
          notBefore: service.clock.now() - 345 * DAY_MS,
          notAfter: service.clock.now() + 20 * DAY_MS,
        })
        const old = await anUpload(account, { leaf })
        const { certificateId } = await buy(account, { renewsCertificateId: old.id, productId: 'evercert-private-ov-single' })
        return (await account.client.applications.get({ id: certificateId ?? '' })).form.companyId
      }),
    )
    expect([known, unknown]).toEqual([company.id, null])
  })

  test('FD §3.8: the subject counts: a common name that is a domain comes first, a company is left out', async () => {
    const site = aSite(service)
    const leaf = createRoot().issue({
      commonName: `www.${site}`,
      names: [site, `www.${site}`],
      notBefore: service.clock.now() - 345 * DAY_MS,
      notAfter: service.clock.now() + 20 * DAY_MS,
    })
    const old = await anUpload(account, { leaf })
    const { certificateId } = await buy(account, { renewsCertificateId: old.id, productId: PRIVATE_MULTI })
    const draft = await account.client.applications.get({ id: certificateId ?? '' })
    expect(draft.form.domains).toEqual([`www.${site}`, site])
    const company = createRoot().issue({
      commonName: 'Example Ltd',
      names: [site],
      notBefore: service.clock.now() - 345 * DAY_MS,
      notAfter: service.clock.now() + 20 * DAY_MS,
    })
    const bought = await anUpload(account, { leaf: company })
    const second = await buy(account, { renewsCertificateId: bought.id, productId: PRIVATE_SINGLE })
    expect((await account.client.applications.get({ id: second.certificateId ?? '' })).form.domains).toEqual([site])
  })
})
