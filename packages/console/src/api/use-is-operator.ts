/**
 * Whether the caller is the installation's operator, to show the operator's forms to operators alone. The service decides all the same.
 *
 * @module
 */
import { useMe } from './use-me.ts'

/** Null while nobody knows. */
export function useIsOperator(): boolean | null {
  const me = useMe()
  return me.data === undefined ? null : me.data.scopes.includes('installation:operate')
}
