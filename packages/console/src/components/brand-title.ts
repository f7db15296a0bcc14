/**
 * Brands by their titles, which are in the language of the page; their names are what specifications hold and compare.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useMay } from '../api/use-may.ts'
import { pick } from '../i18n/i18n.ts'

export type BrandTitle = (name: string) => string

const FRESH_MS = 300_000

/** A brand that the catalogue does not know, or may not be asked for, has its name alone. */
export function useBrandTitle(): BrandTitle {
  const mayRead = useMay('orders:read')
  const { data } = useQuery({
    queryKey: keys.brands,
    queryFn: () => api.brands.list(),
    staleTime: FRESH_MS,
    enabled: mayRead,
  })
  return useCallback(
    (name) => {
      const brand = data?.items.find((each) => each.name === name)
      return brand === undefined ? name : pick(brand.title)
    },
    [data],
  )
}
