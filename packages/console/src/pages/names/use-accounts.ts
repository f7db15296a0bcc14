/**
 * Accounts by their names, as far as the caller may know them.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { useMe } from '../../api/use-me.ts'

interface KnownAccount {
  readonly id: string
  readonly name: string
}

/** Those of the installation for its operator; for others their own. */
export function useAccounts(): readonly KnownAccount[] {
  const isOperator = useIsOperator() === true
  const me = useMe().data
  const all = useQuery({ queryKey: keys.accounts, queryFn: () => api.accounts.list(), enabled: isOperator })
  return all.data?.items ?? me?.accounts ?? []
}
