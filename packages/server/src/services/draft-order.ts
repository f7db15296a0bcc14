/**
 * An order as it would be placed: what is renewed, the product, the currency, the price and what is taken off it.
 *
 * @module
 */
import type { OrderRequest } from '@evercert/contract'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { decideRenewal, type RenewalDecision } from '../domain/certificate/decide-renewal.ts'
import { AppError } from '../domain/errors.ts'
import { compareSpecifications, type KnownSpecification, type SpecificationComparison } from '../domain/product/specification.ts'
import type { Discount } from '../domain/promotion/decide-discount.ts'
import { listPriceOf, loadProduct, pricesOf, type Product, type ProductPrice } from './catalogue.ts'
import { notFound, type Caller, type Services } from './context.ts'
import { findDiscount, type Promotion } from './promotions.ts'
import { renewalRefusal } from './texts.ts'

/** An order as it would be placed: everything that a request leaves open is filled from the old configuration. */
export interface OrderDraft {
  readonly product: Product
  readonly domainCount: number
  readonly termYears: number
  /** The list price less the discount, in minor units. */
  readonly amountMinor: number
  readonly currency: string
  readonly discount: Discount<Promotion> | null
  /** All that the term is sold in. */
  readonly currencies: readonly string[]
  readonly old: CertificateRecord | null
  readonly comparison: SpecificationComparison
}

/** As bought, or as far as an upload tells it. */
export function knownOf(old: CertificateRecord | null): KnownSpecification {
  return old?.specification ?? old?.readSpecification ?? {}
}

/**
 * @param wish.preferredCurrency the product's own default when it is not sold in it
 * @throws AppError the renewal's first reason, `notFound`, `invalid`, `productRetired`, `promotionNotApplicable`
 */
export async function draftOrder(services: Services, db: Db | Trx, caller: Caller, wish: OrderWish): Promise<OrderDraft> {
  const { renewsCertificateId } = wish.request
  const old = renewsCertificateId === undefined ? null : await loadRenewable(services, db, caller, renewsCertificateId)
  return draftFor(services, db, { accountId: caller.accountId, old }, wish)
}

interface OrderWish {
  readonly request: OrderRequest
  readonly preferredCurrency?: string | null
}

/** As {@link draftOrder}, at the prices of now, whether or not the old certificate can be renewed now. */
export async function draftFor(
  services: Pick<Services, 'now'>,
  db: Db | Trx,
  { accountId, old }: { readonly accountId: string; readonly old: CertificateRecord | null },
  { request, preferredCurrency = null }: OrderWish,
): Promise<OrderDraft> {
  const product = await loadProduct(db, productIdOf(request, old))
  if (product.retiredAt !== null || product.issuerRetiredAt !== null) {
    throw new AppError(
      'productRetired',
      `Quoting ${product.id}: it is not sold any more: choose another of GET /api/v1/products.`,
    )
  }
  if (old !== null && !product.supportsRenewal) {
    throw renewalRefusal(old, { code: 'renewalBrandUnsupported', facts: { brand: product.specification.brand } })
  }
  const defaults = oldConfiguration(old)
  const domainCount = request.domainCount ?? defaults.domainCount
  const termYears = request.termYears ?? defaults.termYears
  checkDomainCount(product, domainCount)
  const comparison = compareSpecifications(product.specification, knownOf(old))
  const prices = pricesOf(product, termYears)
  const price = await choosePrice(db, accountId, prices, { ...request, preferredCurrency })
  const { currency } = price
  const listMinor = listPriceOf(price, domainCount)
  const discount = await findDiscount(db, {
    code: request.promotionCode ?? null,
    purchase: { productId: product.id, termYears, listMinor, currency },
    now: services.now(),
  })
  return {
    product,
    domainCount,
    termYears,
    amountMinor: listMinor - (discount?.amountMinor ?? 0),
    currency,
    discount,
    currencies: prices.map((each) => each.currency),
    old,
    comparison,
  }
}

/** The currency that is asked for; else the first of the product's in which there is money; else the product's first. */
async function choosePrice(
  db: Db | Trx,
  accountId: string,
  prices: readonly [ProductPrice, ...ProductPrice[]],
  wish: { readonly currency?: string | undefined; readonly preferredCurrency: string | null },
): Promise<ProductPrice> {
  const [first] = prices
  const inCurrency = (currency: string | null): ProductPrice | undefined => prices.find((price) => price.currency === currency)
  if (wish.currency !== undefined) {
    const price = inCurrency(wish.currency)
    if (price !== undefined) return price
    const offered = prices.map(({ currency }) => currency)
    throw new AppError('invalid', `Pricing in ${wish.currency}: it is not sold in it: choose ${offered.join(', ')}.`, {
      facts: { field: 'currency', offered },
    })
  }
  if (prices.length === 1) return first
  const preferred = inCurrency(wish.preferredCurrency)
  if (preferred !== undefined) return preferred
  const balances = await db
    .selectFrom('balance')
    .select('currency')
    .where('account_id', '=', accountId)
    .where('amount_minor', '>', 0)
    .execute()
  return prices.find((price) => balances.some(({ currency }) => currency === price.currency)) ?? first
}

/** FD §3.5: the old purchase configuration; an upload has none, only its number of names. */
function oldConfiguration(old: CertificateRecord | null): { domainCount: number; termYears: number } {
  const names = old?.issuance?.names.length ?? 0
  return { domainCount: old?.domainCount ?? Math.max(1, names), termYears: old?.termYears ?? 1 }
}

function productIdOf(request: OrderRequest, old: CertificateRecord | null): string {
  const productId = request.productId ?? old?.productId ?? null
  if (productId !== null) return productId
  const why = old === null ? 'no product was chosen' : 'nothing is known of how an uploaded certificate was bought'
  throw new AppError('invalid', `Quoting: ${why}: choose a productId of GET /api/v1/products.`, { facts: { field: 'productId' } })
}

function checkDomainCount(product: Product, domainCount: number): void {
  const { domainType } = product.specification
  const onlyOne = domainType === 'single' || domainType === 'wildcard'
  if (!onlyOne || domainCount === 1) return
  throw new AppError('invalid', `Quoting ${product.id}: it holds one domain, not ${domainCount}: choose a product for several.`, {
    facts: { field: 'domainCount' },
  })
}

/** As it is now. @throws AppError the renewal's first reason, `notFound` */
export async function loadRenewable(services: Services, db: Db | Trx, caller: Caller, id: string): Promise<CertificateRecord> {
  const old = await findCertificate(db, caller.accountId, id)
  if (old === null) throw notFound('certificate', id)
  const decision = decideRenewal(old.facts, services.now(), services.policy)
  refuseUnlessEligible(old, decision)
  return old
}

function refuseUnlessEligible(old: CertificateRecord, decision: RenewalDecision): void {
  const [first] = decision.reasons
  if (first !== undefined) throw renewalRefusal(old, first)
}
