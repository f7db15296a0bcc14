/**
 * A product as the fields of its form, and back.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'
import { amountText, parseAmount } from '../../components/amount.ts'

export interface PriceValues {
  readonly termYears: number
  readonly base: string
  readonly includedDomains: number
  readonly extraDomain: string
}

export interface ProductValues {
  readonly id?: string
  readonly title: { readonly zh: string; readonly en: string }
  readonly issuerId?: string
  readonly specification?: ProductView['specification']
  readonly supportsRenewal?: boolean
  readonly currency: string
  readonly prices: readonly PriceValues[]
}

const DEFAULT_CURRENCY = 'CNY'
export const MAX_TERMS = 3

export function startValues(product: ProductView | null): object {
  if (product === null) {
    return {
      specification: { domainType: 'single', certificateType: 'DV' },
      supportsRenewal: true,
      currency: DEFAULT_CURRENCY,
      prices: [{ termYears: 1, base: '', includedDomains: 1, extraDomain: '0' }],
    }
  }
  return {
    title: product.title,
    currency: product.prices[0]?.base.currency ?? DEFAULT_CURRENCY,
    prices: product.prices.map(({ termYears, base, includedDomains, extraDomain }) => ({
      termYears,
      base: amountText(base.amountMinor, base.currency),
      includedDomains,
      extraDomain: amountText(extraDomain.amountMinor, extraDomain.currency),
    })),
  }
}

/** In the order of the terms. What is no amount was refused by the form. */
export function pricesOf({ prices, currency }: Pick<ProductValues, 'prices' | 'currency'>): ProductView['prices'] {
  const money = (text: string) => ({ amountMinor: parseAmount(text, currency) ?? 0, currency })
  return prices
    .map(({ termYears, base, includedDomains, extraDomain }) => ({
      termYears,
      base: money(base),
      includedDomains,
      extraDomain: money(extraDomain),
    }))
    .toSorted((one, other) => one.termYears - other.termYears)
}

/** A term that is not in the list yet; null when all are. */
export function nextTerm(prices: readonly Partial<PriceValues>[]): number | null {
  const taken = new Set(prices.map(({ termYears }) => termYears))
  return Array.from({ length: MAX_TERMS }, (_, index) => index + 1).find((term) => !taken.has(term)) ?? null
}
