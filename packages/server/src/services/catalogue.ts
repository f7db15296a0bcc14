/**
 * Issuers and products: what can be bought, from whom, at what price. Operators add to it at run time.
 *
 * @module
 */
import type { IssuerView, ProductView } from '@evercert/contract'
import { parseCertificate } from '@evercert/pki'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { workedOut } from '../db/worked-out.ts'
import { AppError } from '../domain/errors.ts'
import { requireCurrency } from '../domain/payment/money.ts'
import type { Specification } from '../domain/product/specification.ts'
import type { Ca } from '../ports/ca.ts'
import { ensureBrand } from './brands.ts'
import { findAdapter, notFound, parseConfig, parseNewConfig, type Services } from './context.ts'
import { readPki } from './read-pki.ts'

export interface Product {
  readonly id: string
  readonly issuerId: string
  readonly title: { readonly en: string; readonly zh: string }
  readonly specification: Specification
  readonly supportsRenewal: boolean
  readonly validityRule: 'public' | 'private'
  readonly issuerTitle: string
  readonly prices: readonly ProductPrice[]
  readonly retiredAt: Date | null
  readonly issuerRetiredAt: Date | null
  readonly brandTitle: { readonly en: string; readonly zh: string }
}

export interface ProductPrice {
  readonly termYears: number
  readonly currency: string
  readonly baseMinor: number
  readonly includedDomains: number
  readonly extraDomainMinor: number
}

export async function listProducts(services: Services): Promise<readonly Product[]> {
  return (await productQuery(services.db).orderBy('product.id').execute()).map(toProduct)
}

const findProduct = workedOut(['id'], (db, { id }) => productQuery(db).where('product.id', '=', id))

/** @throws AppError `notFound` */
export async function loadProduct(db: Db | Trx, id: string): Promise<Product> {
  const [row] = await findProduct(db, { id })
  if (row === undefined) throw notFound('product', id)
  return toProduct(row)
}

/** The prices of a term, one for each currency, the first of which is the default. @throws AppError `invalid` when it is not sold */
export function pricesOf(product: Product, termYears: number): readonly [ProductPrice, ...ProductPrice[]] {
  const [first, ...others] = product.prices.filter((candidate) => candidate.termYears === termYears)
  if (first !== undefined) return [first, ...others]
  const offered = [...new Set(product.prices.map((candidate) => candidate.termYears))].join(', ')
  throw new AppError('invalid', `Pricing ${product.id}: a term of ${termYears} years is not offered: choose ${offered}.`)
}

/** What so many domains cost, in minor units of the price's currency. @throws AppError `invalid` beyond what can be counted exactly */
export function listPriceOf(price: ProductPrice, domainCount: number): number {
  const listMinor = price.baseMinor + Math.max(0, domainCount - price.includedDomains) * price.extraDomainMinor
  if (Number.isSafeInteger(listMinor)) return listMinor
  throw new AppError(
    'invalid',
    `Pricing ${domainCount} domains: it is more than can be counted: have the operator correct the price.`,
  )
}

export interface NewIssuer {
  readonly id: string
  readonly title: string
  readonly kind: string
  readonly config: unknown
  readonly rootPem?: string | undefined
}

/** Connects a CA. @throws AppError `invalid` (settings), `badCertificate` (root), `duplicateName` */
export async function createIssuer(services: Services, issuer: NewIssuer): Promise<IssuerView> {
  const adapter = findAdapter(services.adapters.ca, issuer.kind, 'issuer')
  const config = parseNewConfig(adapter, issuer.config)
  const { validityRule } = adapter.create(config, services.kit).capabilities
  const { rootPem } = issuer
  if (rootPem !== undefined) readPki('badCertificate', () => parseCertificate(rootPem))
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    const secretId = await services.vault.seal(trx, {
      purpose: 'issuerConfig',
      accountId: null,
      plaintext: JSON.stringify(issuer.config),
      now,
    })
    const result = await trx
      .insertInto('issuer')
      .values({
        id: issuer.id,
        title: issuer.title,
        kind: issuer.kind,
        config_secret_id: secretId,
        account_secret_id: null,
        account_opened_at: null,
        root_pem: issuer.rootPem ?? null,
        validity_rule: validityRule,
        created_at: new Date(now),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) {
      throw new AppError('duplicateName', `Connecting issuer ${issuer.id}: there is one with this id: choose another.`, {
        facts: { field: 'id' },
      })
    }
  })
  return { id: issuer.id, title: issuer.title, kind: issuer.kind, validityRule, rootPem: issuer.rootPem ?? null, retiredAt: null }
}

/** Gives an issuer new settings; nothing is written when they are the same. @throws AppError `notFound` */
export async function updateIssuerConfig(services: Services, issuerId: string, config: unknown): Promise<void> {
  const { db, vault } = services
  const row = await db.selectFrom('issuer').select('config_secret_id').where('id', '=', issuerId).executeTakeFirst()
  if (row === undefined) throw notFound('issuer', issuerId)
  const plaintext = JSON.stringify(config)
  if ((await vault.open(db, row.config_secret_id, 'issuerConfig')) === plaintext) return
  await db.transaction().execute(async (trx) => {
    const secretId = await vault.seal(trx, { purpose: 'issuerConfig', accountId: null, plaintext, now: services.now() })
    await trx.updateTable('issuer').set({ config_secret_id: secretId }).where('id', '=', issuerId).execute()
    await trx.deleteFrom('secret').where('id', '=', row.config_secret_id).execute()
  })
}

export async function listIssuers(services: Services): Promise<IssuerView[]> {
  const rows = await services.db
    .selectFrom('issuer')
    .select(['id', 'title', 'kind', 'validity_rule', 'retired_at'])
    .orderBy('id')
    .execute()
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      title: row.title,
      kind: row.kind,
      validityRule: row.validity_rule,
      rootPem: (await trustedRoots(services, row.id))[0] ?? null,
      retiredAt: row.retired_at?.toISOString() ?? null,
    })),
  )
}

/** Roots that sites with certificates of this issuer are proved against, besides the system's. */
export async function trustedRoots(services: Services, issuerId: string): Promise<readonly string[]> {
  const row = await services.db
    .selectFrom('issuer')
    .leftJoin('ca_authority', 'ca_authority.id', 'issuer.id')
    .select(['issuer.root_pem', 'ca_authority.root_pem as authority_root_pem'])
    .where('issuer.id', '=', issuerId)
    .executeTakeFirst()
  return [row?.root_pem, row?.authority_root_pem].filter((pem) => pem !== null && pem !== undefined)
}

/** What a connection to an issuer is made from; another secret means other settings. */
export interface IssuerSettings {
  readonly kind: string
  readonly secretId: string
}

interface Connection {
  readonly secretId: string
  readonly ca: Promise<Ca>
}

const connections = new WeakMap<Services, Map<string, Connection>>()

/**
 * The connection to an issuer; kept, since its adapter pools connections and caches the directory, until the settings are others: whichever
 * node changed them.
 *
 * @param known its settings as just read, with something else
 * @throws AppError `notFound`, `misconfigured`, `invalid`
 */
export async function openIssuer(services: Services, issuerId: string, known?: IssuerSettings): Promise<Ca> {
  const { kind, secretId } = known ?? (await findSettings(services, issuerId))
  const open = connections.get(services) ?? new Map<string, Connection>()
  connections.set(services, open)
  const existing = open.get(issuerId)
  if (existing?.secretId === secretId) return existing.ca
  const connection = { secretId, ca: connectIssuer(services, kind, secretId) }
  open.set(issuerId, connection)
  try {
    return await connection.ca
  } catch (error) {
    if (open.get(issuerId) === connection) open.delete(issuerId)
    // The settings were changed between the two readings, and the old ones are gone.
    if ((await findSettings(services, issuerId)).secretId === secretId) throw error
    return openIssuer(services, issuerId)
  }
}

async function findSettings(services: Services, issuerId: string): Promise<IssuerSettings> {
  const row = await services.db
    .selectFrom('issuer')
    .select(['kind', 'config_secret_id'])
    .where('id', '=', issuerId)
    .executeTakeFirst()
  if (row === undefined) throw notFound('issuer', issuerId)
  return { kind: row.kind, secretId: row.config_secret_id }
}

async function connectIssuer(services: Services, kind: string, secretId: string): Promise<Ca> {
  const adapter = findAdapter(services.adapters.ca, kind, 'issuer')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, secretId, 'issuerConfig'))
  return adapter.create(parseConfig(adapter, raw), services.kit)
}

/** OV and EV are for CAs whose reviews are made here: an ACME CA sells DV alone. @throws AppError `reviewUnsupported`, `notFound` */
export async function requireReviewingIssuer(services: Services, issuerId: string, certificateType: string): Promise<void> {
  const { capabilities } = await openIssuer(services, issuerId)
  if (capabilities.reviewsOrganisations) return
  throw new AppError(
    'reviewUnsupported',
    `Using issuer ${issuerId} for ${certificateType}: its CA reviews no organisations: choose DV, or another issuer.`,
  )
}

export type NewProduct = Omit<ProductView, 'issuerTitle' | 'brandTitle' | 'validityRule' | 'retiredAt' | 'issuerRetiredAt'> & {
  /** Adds a brand that is not in the list; default false. */
  readonly createBrand?: boolean
}

/** Adds a product. @throws AppError `notFound` (issuer), `duplicateName`, `unknownBrand`, `invalid` (prices), `reviewUnsupported` */
export async function createProduct(services: Services, product: NewProduct): Promise<Product> {
  const { specification, title } = product
  checkPrices(product)
  if (specification.certificateType === 'EV' && !['single', 'multi'].includes(specification.domainType))
    throw new AppError(
      'invalid',
      `Adding product ${product.id}: EV certificates have no wildcards (EVG 9.2.2): sell single or multi.`,
    )
  if (specification.certificateType !== 'DV')
    await requireReviewingIssuer(services, product.issuerId, specification.certificateType)
  await services.db.transaction().execute(async (trx) => {
    const issuer = await trx.selectFrom('issuer').select('id').where('id', '=', product.issuerId).executeTakeFirst()
    if (issuer === undefined) throw notFound('issuer', product.issuerId)
    await ensureBrand(services, trx, { name: specification.brand, mayCreate: product.createBrand === true })
    const result = await trx
      .insertInto('product')
      .values({
        id: product.id,
        issuer_id: product.issuerId,
        title_en: title.en,
        title_zh: title.zh,
        domain_type: specification.domainType,
        certificate_type: specification.certificateType,
        grade: specification.grade,
        brand: specification.brand,
        supports_renewal: product.supportsRenewal,
        created_at: new Date(services.now()),
        retired_at: null,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) {
      throw new AppError('duplicateName', `Adding product ${product.id}: there is one with this id: choose another.`)
    }
    await trx
      .insertInto('product_price')
      .values(product.prices.map((price, rank) => toPriceRow(product.id, price, rank)))
      .execute()
  })
  return loadProduct(services.db, product.id)
}

const LONGEST_TERM_YEARS = 3
/** No order is for more. */
const MOST_DOMAINS = 250

/** @throws AppError `unknownCurrency`, `invalid` naming every fault */
export function checkPrices({ id, prices }: Pick<NewProduct, 'id' | 'prices'>): void {
  for (const { base, extraDomain } of prices)
    for (const { currency } of [base, extraDomain]) requireCurrency(currency, `Pricing product ${id}`)
  const terms = prices.map(({ termYears }) => termYears)
  const keys = prices.map(({ termYears, base }) => `${termYears} ${base.currency}`)
  const faults = [
    ...(prices.length === 0 ? ['it has no price'] : []),
    ...(new Set(keys).size < keys.length ? ['a term has two prices in one currency'] : []),
    ...(terms.some((term) => term < 1 || term > LONGEST_TERM_YEARS) ? [`terms are 1 to ${LONGEST_TERM_YEARS} years`] : []),
    ...(prices.some(({ includedDomains }) => includedDomains < 1 || includedDomains > MOST_DOMAINS)
      ? [`1 to ${MOST_DOMAINS} domains are included`]
      : []),
    ...(prices.some(({ base, extraDomain }) => base.amountMinor < 0 || extraDomain.amountMinor < 0)
      ? ['a price is negative']
      : []),
  ]
  if (faults.length > 0) throw new AppError('invalid', `Pricing product ${id}: ${faults.join('; ')}: correct its prices.`)
}

/** @throws AppError `invalid` for two currencies in one price */
export function toPriceRow(productId: string, price: ProductView['prices'][number], rank: number) {
  if (price.base.currency !== price.extraDomain.currency) {
    throw new AppError('invalid', `Pricing product ${productId}: one price has two currencies: use one.`)
  }
  return {
    product_id: productId,
    term_years: price.termYears,
    currency: price.base.currency,
    base_minor: price.base.amountMinor,
    included_domains: price.includedDomains,
    extra_domain_minor: price.extraDomain.amountMinor,
    rank,
  }
}

export function toProductView(product: Product): ProductView {
  return {
    ...product,
    title: { ...product.title },
    specification: { ...product.specification },
    prices: product.prices.map((price) => ({
      termYears: price.termYears,
      base: { amountMinor: price.baseMinor, currency: price.currency },
      includedDomains: price.includedDomains,
      extraDomain: { amountMinor: price.extraDomainMinor, currency: price.currency },
    })),
    brandTitle: { ...product.brandTitle },
    retiredAt: product.retiredAt?.toISOString() ?? null,
    issuerRetiredAt: product.issuerRetiredAt?.toISOString() ?? null,
  }
}

function productQuery(db: Db | Trx) {
  return db
    .selectFrom('product')
    .innerJoin('issuer', 'issuer.id', 'product.issuer_id')
    .innerJoin('brand', 'brand.name', 'product.brand')
    .select([
      'brand.title_en as brand_title_en',
      'brand.title_zh as brand_title_zh',
      'issuer.retired_at as issuer_retired_at',
      'product.id',
      'product.issuer_id',
      'product.title_en',
      'product.title_zh',
      'product.domain_type',
      'product.certificate_type',
      'product.grade',
      'product.brand',
      'product.supports_renewal',
      'product.retired_at',
      'issuer.title as issuer_title',
      'issuer.validity_rule',
    ])
    .select((builder) =>
      jsonArrayFrom(
        builder
          .selectFrom('product_price')
          .whereRef('product_price.product_id', '=', 'product.id')
          .select(['term_years', 'currency', 'base_minor', 'included_domains', 'extra_domain_minor'])
          .orderBy('term_years')
          .orderBy('rank')
          .orderBy('currency'),
      ).as('prices'),
    )
}

type ProductRow = Awaited<ReturnType<ReturnType<typeof productQuery>['executeTakeFirstOrThrow']>>

function toProduct(row: ProductRow): Product {
  return {
    id: row.id,
    issuerId: row.issuer_id,
    issuerTitle: row.issuer_title,
    title: { en: row.title_en, zh: row.title_zh },
    specification: {
      domainType: row.domain_type,
      certificateType: row.certificate_type,
      grade: row.grade,
      brand: row.brand,
    },
    supportsRenewal: row.supports_renewal,
    retiredAt: row.retired_at,
    issuerRetiredAt: row.issuer_retired_at,
    brandTitle: { en: row.brand_title_en, zh: row.brand_title_zh },
    validityRule: row.validity_rule,
    prices: row.prices.map((price) => ({
      termYears: price.term_years,
      currency: price.currency,
      baseMinor: price.base_minor,
      includedDomains: price.included_domains,
      extraDomainMinor: price.extra_domain_minor,
    })),
  }
}
