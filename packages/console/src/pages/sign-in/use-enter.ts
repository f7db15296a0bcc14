/**
 * Going on after signing in: nothing that somebody else saw stays.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'

export function useEnter(): (place?: string) => void {
  const [, go] = useLocation()
  const queries = useQueryClient()
  return (place = '/') => {
    queries.clear()
    go(place, { replace: true })
  }
}
