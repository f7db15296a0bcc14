/**
 * Whether the caller is the installation's operator, to show the operator's forms to operators alone. The service decides all the same.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { api } from './client.ts'
import { keys } from './keys.ts'

/** Null while nobody knows. */
export function useIsOperator(): boolean | null {
  const me = useQuery({ queryKey: keys.me, queryFn: () => api.me.get(), staleTime: Infinity })
  return me.data === undefined ? null : me.data.scopes.includes('installation:operate')
}
