/**
 * `evercert products`: the catalogue, and what its operator changes of it.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'
import { failure } from '../failure.ts'
import { formatDay, formatMoney } from '../format.ts'
import { formatTable } from '../output.ts'
import type { Session } from '../session.ts'

export async function listProductsCommand(session: Session): Promise<number> {
  const client = await session.client()
  const page = await client.products.list()
  session.document(page)
  session.print(...formatProducts(session, page.items))
  return 0
}

export interface PriceOptions {
  readonly term: string
  readonly amountMinor: string
  readonly currency?: string
  readonly extraDomainMinor?: string
}

type Price = ProductView['prices'][number]

/** Sets the price of a term in one currency; all others stay, and so does what is not given. */
export async function priceCommand(session: Session, id: string, options: PriceOptions): Promise<number> {
  const termYears = toWhole('--term', options.term)
  const client = await session.client()
  const product = (await client.products.list()).items.find((each) => each.id === id)
  const ofTerm = product?.prices.filter((price) => price.termYears === termYears) ?? []
  const [model] = ofTerm
  if (product === undefined || model === undefined)
    throw failure('notFound', `Pricing product ${id} for ${termYears} years: there is none: see evercert products list.`)
  const currency = options.currency?.toUpperCase() ?? model.base.currency
  const old = ofTerm.find((price) => price.base.currency === currency)
  const price: Price = {
    termYears,
    base: { amountMinor: toWhole('--amount-minor', options.amountMinor), currency },
    includedDomains: (old ?? model).includedDomains,
    extraDomain: { amountMinor: extraOf(options, old ?? null, model), currency },
  }
  // In its place: the first price of a term is its default.
  const prices = old === undefined ? [...product.prices, price] : product.prices.map((each) => (each === old ? price : each))
  return show(session, await client.products.update({ id, prices }))
}

/** @throws CliFailure `invalid`: what a further domain costs in another currency cannot be known from this one */
function extraOf({ extraDomainMinor }: PriceOptions, old: Price | null, model: Price): number {
  if (extraDomainMinor !== undefined) return toWhole('--extra-domain-minor', extraDomainMinor)
  if (old !== null) return old.extraDomain.amountMinor
  if (model.extraDomain.amountMinor === 0) return 0
  throw failure('invalid', 'Pricing in another currency: further domains have a price too: give --extra-domain-minor.')
}

export async function retireProductCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).products.retire({ id }))
}

export async function restoreProductCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).products.restore({ id }))
}

function show(session: Session, product: ProductView): number {
  session.document(product)
  session.print(...formatProducts(session, [product]))
  return 0
}

function toWhole(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw failure('invalid', `Reading ${option}: "${text}" is not a whole number: give minor units, or years.`)
}

function formatProducts({ say, paint, columns }: Session, products: readonly ProductView[]): string[] {
  const header = [say('TITLE', '名称'), say('PRICES', '价格'), say('RETIRED', '下架'), say('ID', '编号')]
  const rows = products.map(({ id, title, prices, retiredAt }) => [
    { text: say(title.en, title.zh) },
    { text: prices.map(({ termYears, base }) => `${termYears}: ${formatMoney(base)}`).join(', ') },
    { text: formatDay(retiredAt) },
    { text: id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 1 })
}
