/**
 * The product of a renewal, where the service does not know it: an uploaded certificate was bought elsewhere.
 *
 * @module
 */
import type { CertificateDetail, OrderRequest, ProductView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { choose, mayAsk } from '../choice.ts'
import { formatSpecification } from '../commands/show.ts'
import { failure } from '../failure.ts'
import { formatMoney } from '../format.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'

type Changes = Pick<OrderRequest, 'productId' | 'termYears' | 'domainCount' | 'currency' | 'promotionCode'>

/**
 * Completes what is ordered: nothing is added where the old purchase or an option says the product.
 *
 * @throws CliFailure `invalid` with the choices when there is nobody to ask; Interrupted on Ctrl-C
 */
export async function withProduct(
  session: Session,
  client: Client,
  old: CertificateDetail,
  changes: Changes,
  signal?: AbortSignal,
): Promise<Changes> {
  if (changes.productId !== undefined || old.productId !== null || !old.renewal.eligible) return changes
  const fitting = fittingProducts((await client.products.list()).items, old, changes)
  if (fitting.length === 0 || !mayAsk(session)) throw noProduct(session, old, fitting, changes)
  const productId = await choose(session, {
    question: { en: `Which product is to renew ${clean(old.name)}?`, zh: `用哪个产品为 ${clean(old.name)} 续费？` },
    options: fitting.map((product) => ({ value: product.id, label: describeProduct(session, product, old, changes) })),
    signal,
  })
  return { ...changes, productId }
}

/** On sale, renewable, sold for the term and in the currency, and with room for the certificate's names; what is most like the old one first. */
export function fittingProducts(
  products: readonly ProductView[],
  old: Pick<CertificateDetail, 'domains' | 'knownSpecification'>,
  changes: Changes,
): readonly ProductView[] {
  const fitting = products.filter(
    (product) =>
      product.retiredAt === null &&
      product.issuerRetiredAt === null &&
      product.supportsRenewal &&
      priceOf(product, changes) !== null &&
      hasRoom(product.specification.domainType, old.domains),
  )
  const likeness = ({ specification }: ProductView): number =>
    ATTRIBUTES.filter((attribute) => specification[attribute] === old.knownSpecification?.[attribute]).length
  return fitting.toSorted((one, other) => likeness(other) - likeness(one)) // those that are equal stay in the catalogue's order
}

const ATTRIBUTES = ['domainType', 'certificateType', 'grade', 'brand'] as const

function hasRoom(domainType: ProductView['specification']['domainType'], names: readonly string[]): boolean {
  const wildcards = names.filter((name) => name.startsWith('*.')).length
  switch (domainType) {
    case 'single':
      return names.length <= 1 && wildcards === 0
    case 'multi':
      return wildcards === 0
    case 'wildcard':
      return names.length === 1 && wildcards === 1
    case 'multiWildcard':
      return wildcards > 0 && wildcards === names.length
    case 'mixed':
      return wildcards < names.length
  }
}

function priceOf({ prices }: ProductView, { termYears = 1, currency }: Changes): ProductView['prices'][number] | null {
  return (
    prices.find((price) => price.termYears === termYears && (currency ?? price.base.currency) === price.base.currency) ?? null
  )
}

function describeProduct(session: Session, product: ProductView, old: CertificateDetail, changes: Changes): string {
  const price = priceOf(product, changes)
  const further = Math.max(0, (changes.domainCount ?? old.domains.length) - (price?.includedDomains ?? 0))
  const { say } = session
  return [
    clean(say(product.title.en, product.title.zh)),
    clean(formatSpecification(session, product.specification)),
    ...(price === null
      ? []
      : [formatMoney({ ...price.base, amountMinor: price.base.amountMinor + further * price.extraDomain.amountMinor })]),
  ].join('  ·  ')
}

function noProduct(session: Session, old: CertificateDetail, fitting: readonly ProductView[], changes: Changes): Error {
  const name = clean(old.name)
  if (fitting.length === 0)
    return failure(
      'invalid',
      {
        en: `Renewing ${name}: no product on sale fits its names: see "evercert products list".`,
        zh: `续费 ${name}：没有与其域名相符的在售产品。`,
      },
      {
        cause: {
          en: 'It was bought elsewhere, and nothing on sale is renewable, fits its names and is sold for this term and currency.',
          zh: '该证书在别处购买，而在售产品中没有可续费且与其域名、年限和货币相符的产品。',
        },
        remedy: {
          en: 'See "evercert products list", and name one with --product <id> that has room for its names.',
          zh: '请查看 “evercert products list”，并用 --product <编号> 指定可容纳其域名的产品。',
        },
        facts: { field: 'productId', choices: [] },
      },
    )
  const lines = fitting.map((product) => `  ${product.id}  ${describeProduct(session, product, old, changes)}`)
  const example = fitting[0]?.id ?? ''
  return failure(
    'invalid',
    {
      en: [`Renewing ${name}: it was bought elsewhere, so its product is not known: add --product <id>:`, ...lines].join('\n'),
      zh: [`续费 ${name}：该证书在别处购买，无法得知产品，请加 --product <编号>：`, ...lines].join('\n'),
    },
    {
      cause: { en: 'Nothing is known of how an uploaded certificate was bought.', zh: '上传的证书没有购买记录，无法得知产品。' },
      remedy: {
        en: `Add --product with one of these ids, such as --product ${example}. All products: "evercert products list".`,
        zh: `请加 --product 及上列编号之一，如 --product ${example}。全部产品见 “evercert products list”。`,
      },
      facts: {
        field: 'productId',
        choices: fitting.map((product) => ({
          id: product.id,
          title: product.title,
          specification: product.specification,
          price: priceOf(product, changes)?.base ?? null,
        })),
      },
    },
  )
}
