/**
 * What was chosen for a renewal in place of what is preselected, kept in the address of the page: the same link goes on with it.
 *
 * @module
 */
import type { OrderRequest } from '@evercert/contract'
import { useSearchParams } from 'wouter'

export type QuoteChoice = Pick<OrderRequest, 'productId' | 'domainCount' | 'termYears'>

const NAMES = { productId: 'product', domainCount: 'domains', termYears: 'years' } as const

/** What nobody could have chosen is left out. */
export function readQuoteChoice(params: URLSearchParams): QuoteChoice {
  const productId = params.get(NAMES.productId)
  const [domainCount, termYears] = [countOf(params.get(NAMES.domainCount)), countOf(params.get(NAMES.termYears))]
  return {
    ...(productId !== null && productId !== '' && { productId }),
    ...(domainCount !== null && { domainCount }),
    ...(termYears !== null && { termYears }),
  }
}

const countOf = (text: string | null): number | null => (text !== null && /^[1-9]\d{0,2}$/.test(text) ? Number(text) : null)

export function useQuoteChoice(): [QuoteChoice, (choice: QuoteChoice) => void] {
  const [params, setParams] = useSearchParams()
  const choose = (choice: QuoteChoice): void =>
    setParams(
      (previous) => {
        const next = new URLSearchParams(previous)
        for (const [field, name] of Object.entries(NAMES)) {
          const value = choice[field as keyof QuoteChoice]
          if (value === undefined) next.delete(name)
          else next.set(name, String(value))
        }
        return next
      },
      { replace: true },
    )
  return [readQuoteChoice(params), choose]
}
