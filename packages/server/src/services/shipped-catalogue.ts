/**
 * What a fresh installation sells: certificates of the built-in CA, with brands on both sides of the renewal rule (DOMAIN §3.3).
 *
 * @module
 */
import { SHIPPED_ISSUERS } from '@evercert/contract'
import { createIssuer, createProduct, updateIssuerConfig, type NewProduct } from './catalogue.ts'
import { createBrand } from './brands.ts'
import type { Services } from './context.ts'
import type { CertificateType, DomainType } from '../domain/product/specification.ts'
import { AppError } from '../domain/errors.ts'

export interface BuiltinCaSettings {
  readonly publicUrl: string
  readonly fileValidationPorts: { readonly http: number; readonly https: number | null }
}

const CURRENCY = 'CNY'
const TERMS = [1, 2, 3] as const

const DOMAIN_TYPES: Readonly<
  Record<DomainType, { slug: string; en: string; zh: string; yearMinor: number; extraMinor: number }>
> = {
  single: { slug: 'single', en: 'single domain', zh: '单域名', yearMinor: 10_000, extraMinor: 0 },
  multi: { slug: 'multi', en: 'multiple domains', zh: '多域名', yearMinor: 20_000, extraMinor: 5_000 },
  wildcard: { slug: 'wildcard', en: 'wildcard', zh: '通配符', yearMinor: 60_000, extraMinor: 0 },
  multiWildcard: { slug: 'multi-wildcard', en: 'multiple wildcards', zh: '多通配符', yearMinor: 120_000, extraMinor: 60_000 },
  mixed: { slug: 'mixed', en: 'mixed domains', zh: '混合域名', yearMinor: 80_000, extraMinor: 30_000 },
}

const BRANDS = [
  { issuerId: 'evercert-private', brand: 'Evercert Private CA', zh: 'Evercert 私有 CA', grade: 'standard', renewal: true },
  {
    issuerId: 'evercert-public',
    brand: 'Evercert Public Rules CA',
    zh: 'Evercert 公共规则 CA',
    grade: 'standard',
    renewal: true,
  },
] as const

const TRIAL_BRAND = { brand: 'Evercert Trial', zh: 'Evercert 试用' } as const

/** Adds the built-in issuers and products that are missing. Safe to repeat; never changes what an operator changed. */
export async function ensureShippedCatalogue(services: Services, settings: BuiltinCaSettings): Promise<void> {
  const existing = await services.db.selectFrom('product').select('id').execute()
  const known = new Set(existing.map(({ id }) => id))
  for (const { id: issuerId, validityRule, title } of SHIPPED_ISSUERS) {
    const config = { authorityId: issuerId, organisation: 'Evercert', validityRule, ...settings }
    await unlessThere(() => createIssuer(services, { id: issuerId, title: title.en, kind: 'builtin', config }))
    await updateIssuerConfig(services, issuerId, config)
  }
  for (const { brand: name, zh } of [...BRANDS, TRIAL_BRAND])
    await unlessThere(() => createBrand(services, { name, title: { en: name, zh } }))
  for (const product of shippedProducts()) if (!known.has(product.id)) await unlessThere(() => createProduct(services, product))
}

async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create()
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'duplicateName')) throw error
  }
}

/** Reviewed by people, so that the way to an OV or EV certificate can be gone from end to end. EV has no wildcards (EVG 9.2.2). */
const REVIEWED: readonly {
  readonly type: Exclude<CertificateType, 'DV'>
  readonly factor: number
  readonly of: readonly DomainType[]
}[] = [
  { type: 'OV', factor: 4, of: ['single', 'multi', 'wildcard', 'multiWildcard', 'mixed'] },
  { type: 'EV', factor: 8, of: ['single', 'multi'] },
]

function reviewedProducts(): NewProduct[] {
  const [brand] = BRANDS
  return REVIEWED.flatMap(({ type, factor, of }) => of.map((domainType) => brandProduct(brand, type, domainType, factor)))
}

function shippedProducts(): NewProduct[] {
  const renewable = BRANDS.flatMap((brand) =>
    (Object.keys(DOMAIN_TYPES) as DomainType[]).map((domainType) => brandProduct(brand, 'DV', domainType, 1)),
  )
  return [...renewable, ...reviewedProducts(), trialProduct()]
}

function brandProduct(
  brand: (typeof BRANDS)[number],
  certificateType: CertificateType,
  domainType: DomainType,
  factor: number,
): NewProduct {
  const kind = DOMAIN_TYPES[domainType]
  return {
    id: `${brand.issuerId}-${certificateType.toLowerCase()}-${kind.slug}`,
    title: {
      en: `${brand.brand}, ${certificateType}, ${kind.en}`,
      zh: `${brand.zh} ${certificateType} ${kind.zh}证书`,
    },
    specification: { domainType, certificateType, grade: brand.grade, brand: brand.brand },
    issuerId: brand.issuerId,
    supportsRenewal: brand.renewal,
    prices: TERMS.map((termYears) => ({
      termYears,
      base: { amountMinor: kind.yearMinor * factor * termYears, currency: CURRENCY },
      includedDomains: domainType === 'multi' ? 2 : 1,
      extraDomain: { amountMinor: kind.extraMinor * factor * termYears, currency: CURRENCY },
    })),
  }
}

/** A free certificate to try things with. Free brands cannot be renewed, as in the founding service; they are bought anew. */
function trialProduct(): NewProduct {
  return {
    id: 'evercert-trial-dv-single',
    title: { en: 'Evercert Trial, DV, single domain', zh: 'Evercert 试用 DV 单域名证书' },
    specification: { domainType: 'single', certificateType: 'DV', grade: 'trial', brand: TRIAL_BRAND.brand },
    issuerId: 'evercert-public',
    supportsRenewal: false,
    prices: [
      {
        termYears: 1,
        base: { amountMinor: 0, currency: CURRENCY },
        includedDomains: 1,
        extraDomain: { amountMinor: 0, currency: CURRENCY },
      },
    ],
  }
}
