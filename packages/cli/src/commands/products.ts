/**
 * `evercert products`: the catalogue, and what its operator changes of it.
 *
 * @module
 */
import { certificateType, domainType, type ProductView } from '@evercert/contract'
import { failure, wrongUsage } from '../failure.ts'
import { formatDay, formatMoney } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import { parseMoney } from '../parse-money.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'

export const listProductsCommand = listCommand({
  load: (client) => client.products.list(),
  format: formatProducts,
})

export interface AddProductOptions {
  readonly title: string
  readonly titleZh?: string
  readonly issuer: string
  readonly brand: string
  readonly type: string
  readonly domains: string
  readonly grade: string
  readonly price: readonly string[]
  readonly includedDomains: string
  readonly extraDomain?: string
  /** False with `--no-renewal`. */
  readonly renewal: boolean
}

/** A brand that is not there yet is not made by a slip of the pen: `evercert brands add` does. */
export async function addProductCommand(session: Session, id: string, options: AddProductOptions): Promise<number> {
  const { title, titleZh = title, issuer: issuerId, brand, grade, renewal: supportsRenewal } = options
  const product = await (
    await session.client()
  ).products.create({
    id,
    title: { en: title, zh: titleZh },
    specification: {
      domainType: oneOf('--domains', domainType.options, options.domains),
      certificateType: oneOf('--type', certificateType.options, options.type),
      grade,
      brand,
    },
    issuerId,
    supportsRenewal,
    prices: options.price.map((text) => toPrice(text, options)),
    createBrand: false,
  })
  return show(session, product)
}

/** `1=128 CNY`: the price of a term. */
function toPrice(text: string, { includedDomains, extraDomain }: AddProductOptions): Price {
  const [, years = '', amount] = /^(\d{1,2})=(.*)$/.exec(text) ?? []
  if (amount === undefined)
    throw wrongUsage('invalid', {
      en: `Reading --price: "${clean(text)}": give years and amount, such as "1=128 CNY".`,
      zh: `读取 --price：“${clean(text)}” 无效，请填写年限与金额，如 “1=128 CNY”。`,
    })
  const base = parseMoney(amount, { en: 'give --price such as "1=128 CNY"', zh: '请填写 --price，如 "1=128 CNY"' })
  const extra =
    extraDomain === undefined
      ? { ...base, amountMinor: 0 }
      : parseMoney(`${extraDomain} ${base.currency}`, {
          en: 'give --extra-domain a number such as 20',
          zh: '请为 --extra-domain 填写数字，如 20',
        })
  return {
    termYears: toWhole('--price', years),
    base,
    includedDomains: toWhole('--included-domains', includedDomains),
    extraDomain: extra,
  }
}

function oneOf<Name extends string>(option: string, names: readonly Name[], text: string): Name {
  const found = names.find((name) => name.toLowerCase() === text.toLowerCase())
  if (found !== undefined) return found
  throw wrongUsage('invalid', {
    en: `Reading ${option}: "${clean(text)}": give one of ${names.join(', ')}.`,
    zh: `读取 ${option}：“${clean(text)}” 无效，请使用以下之一：${names.join('、')}。`,
  })
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
    throw failure('notFound', {
      en: `Pricing product ${id} for ${termYears} years: there is none: see evercert products list.`,
      zh: `为产品 ${id} 的 ${termYears} 年期定价：不存在，请查看 “evercert products list”。`,
    })
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
  throw wrongUsage('invalid', {
    en: 'Pricing in another currency: further domains have a price too: give --extra-domain-minor.',
    zh: '以其他货币定价：附加域名也需要价格，请提供 --extra-domain-minor。',
  })
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
  throw wrongUsage('invalid', {
    en: `Reading ${option}: "${text}" is not a whole number: give minor units, or years.`,
    zh: `读取 ${option}：“${text}” 不是整数，请填写最小货币单位的金额或年数。`,
  })
}

function formatProducts({ say, paint, columns }: Session, products: readonly ProductView[]): string[] {
  const header = [say('TITLE', '名称'), say('PRICES', '价格'), say('RETIRED', '下架'), say('ID', '编号')]
  const rows = products.map(({ id, title, prices, retiredAt }) => [
    { text: say(title.en, title.zh) },
    {
      text: prices
        .map(({ termYears, base }) => say(`${termYears} yr ${formatMoney(base)}`, `${termYears} 年 ${formatMoney(base)}`))
        .join(say(', ', '，')),
    },
    { text: formatDay(retiredAt) },
    { text: id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 1 })
}
