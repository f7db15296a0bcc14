/**
 * The catalogue as one chooses from it: by brand, then by specification.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'
import { isSold } from '../../components/is-sold.ts'

export interface CatalogueFilter {
  readonly brand: string | null
  readonly certificateType: ProductView['specification']['certificateType'] | null
  readonly domainType: ProductView['specification']['domainType'] | null
}

const TYPE_ORDER = ['DV', 'OV', 'EV']
const DOMAIN_ORDER = ['single', 'multi', 'wildcard', 'multiWildcard', 'mixed']

/** What is sold now: retired products, those of a retired issuer and those without a price are not. */
export function soldProducts(products: readonly ProductView[]): ProductView[] {
  return products.filter((product) => isSold(product) && product.prices.length > 0)
}

/** Brand by brand in the order of their names; within one from DV to EV and from one domain to many. */
export function byBrand(products: readonly ProductView[], filter: CatalogueFilter): Map<string, ProductView[]> {
  const chosen = products
    .filter(
      ({ specification: { brand, certificateType, domainType } }) =>
        (filter.brand === null || brand === filter.brand) &&
        (filter.certificateType === null || certificateType === filter.certificateType) &&
        (filter.domainType === null || domainType === filter.domainType),
    )
    .toSorted((one, other) => rankOf(one).localeCompare(rankOf(other)))
  const brands = new Map<string, ProductView[]>()
  for (const product of chosen) {
    const { brand } = product.specification
    brands.set(brand, [...(brands.get(brand) ?? []), product])
  }
  return brands
}

function rankOf({ id, specification: { brand, certificateType, domainType } }: ProductView): string {
  return [brand, TYPE_ORDER.indexOf(certificateType), DOMAIN_ORDER.indexOf(domainType), id].join(' ')
}

/** Each value that occurs, in the order of the filter's list. */
export function valuesOf<Key extends 'brand' | 'certificateType' | 'domainType'>(
  products: readonly ProductView[],
  key: Key,
): ProductView['specification'][Key][] {
  const order: readonly string[] = key === 'certificateType' ? TYPE_ORDER : key === 'domainType' ? DOMAIN_ORDER : []
  const found = [...new Set(products.map(({ specification }) => specification[key]))]
  return found.toSorted((one, other) => order.indexOf(one) - order.indexOf(other) || one.localeCompare(other))
}

/** The lowest price that it is offered for; null when currencies differ. */
export function lowestPrice({ prices }: ProductView) {
  const [first, ...others] = prices
  if (first === undefined || others.some(({ base }) => base.currency !== first.base.currency)) return null
  return prices.reduce((least, price) => (price.base.amountMinor < least.base.amountMinor ? price : least), first)
}
