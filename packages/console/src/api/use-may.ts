/**
 * Whether the caller has a permission, to leave out what they could only be refused. The service decides all the same.
 *
 * @module
 */
import type { Scope } from '@evercert/contract'
import { useMe } from './use-me.ts'

/** False while nobody knows. */
export function useMay(scope: Scope): boolean {
  return useMe().data?.scopes.includes(scope) ?? false
}
