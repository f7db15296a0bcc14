/**
 * What a movement of money makes old.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { keys } from '../../api/keys.ts'

/** Loads orders, payments, balance and certificates again. */
export function useRefreshMoney(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    const old = [keys.orders, keys.balance, keys.certificates]
    await Promise.all(old.map((queryKey) => queries.invalidateQueries({ queryKey })))
  }
}
