import { describe, expect, test } from 'vitest'
import type { ProductView } from '@evercert/contract'
import { byBrand, lowestPrice, soldProducts, valuesOf } from '../src/pages/buy/catalogue.ts'

type Specification = ProductView['specification']

function aProduct(id: string, specification: Partial<Specification> = {}, change: Partial<ProductView> = {}): ProductView {
  const money = (amountMinor: number) => ({ amountMinor, currency: 'CNY' })
  return {
    id,
    title: { en: id, zh: id },
    specification: { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: 'One', ...specification },
    issuerId: 'ca',
    issuerTitle: 'CA',
    supportsRenewal: true,
    validityRule: 'public',
    prices: [3, 1].map((years) => ({
      termYears: years,
      base: money(years * 1000),
      includedDomains: 1,
      extraDomain: money(10),
    })),
    retiredAt: null,
    brandTitle: { en: 'One', zh: 'One' },
    issuerRetiredAt: null,
    ...change,
  }
}

const PRODUCTS = [
  aProduct('b-ov', { brand: 'Two', certificateType: 'OV' }),
  aProduct('a-wild', { domainType: 'wildcard' }),
  aProduct('a-single'),
  aProduct('b-dv', { brand: 'Two' }),
]
const ALL = { brand: null, certificateType: null, domainType: null }
const idsOf = (brands: Map<string, ProductView[]>) =>
  [...brands].map(([brand, products]) => [brand, ...products.map(({ id }) => id)])

describe('the catalogue', () => {
  test('stands brand by brand, from DV to EV and from one domain to many', () => {
    expect(idsOf(byBrand(PRODUCTS, ALL))).toEqual([
      ['One', 'a-single', 'a-wild'],
      ['Two', 'b-dv', 'b-ov'],
    ])
  })

  test('is narrowed by each attribute', () => {
    expect(idsOf(byBrand(PRODUCTS, { ...ALL, certificateType: 'OV' }))).toEqual([['Two', 'b-ov']])
    expect(idsOf(byBrand(PRODUCTS, { ...ALL, brand: 'One', domainType: 'wildcard' }))).toEqual([['One', 'a-wild']])
    expect(idsOf(byBrand(PRODUCTS, { ...ALL, brand: 'Three' }))).toEqual([])
  })

  test('shows nothing that is retired, nor of a retired issuer, nor what has no price', () => {
    const since = '2026-01-01T00:00:00.000Z'
    const retired = [aProduct('old', {}, { retiredAt: since }), aProduct('orphan', {}, { issuerRetiredAt: since })]
    const others = [...retired, aProduct('free', {}, { prices: [] })]
    expect(soldProducts([...PRODUCTS, ...others]).map(({ id }) => id)).toEqual(PRODUCTS.map(({ id }) => id))
  })

  test('offers the values that occur, in their own order', () => {
    expect(valuesOf(PRODUCTS, 'certificateType')).toEqual(['DV', 'OV'])
    expect(valuesOf(PRODUCTS, 'domainType')).toEqual(['single', 'wildcard'])
    expect(valuesOf(PRODUCTS, 'brand')).toEqual(['One', 'Two'])
  })

  test('names the lowest price, and none when currencies differ', () => {
    expect(lowestPrice(aProduct('x'))?.base.amountMinor).toBe(1000)
    const [first, second] = aProduct('x').prices
    const mixed = { ...second!, base: { amountMinor: 1, currency: 'USD' } }
    expect(lowestPrice(aProduct('x', {}, { prices: [first!, mixed] }))).toBeNull()
  })
})
