/**
 * Whether the caller is the installation's operator, to show the operator's forms to operators alone. The service decides all the same.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import { useQuery } from '@tanstack/react-query'
import { api } from './client.ts'
import { keys } from './keys.ts'

const KEPT_MS = 60_000

/** Null while nobody knows. */
export function useIsOperator(): boolean | null {
  return useQuery({ queryKey: keys.isOperator, queryFn: askIsOperator, staleTime: KEPT_MS }).data ?? null
}

/** The list of tokens is the operator's. */
async function askIsOperator(): Promise<boolean> {
  try {
    const { items } = await api.tokens.list()
    const own = items.find(({ isCaller }) => isCaller)
    return own === undefined || own.scopes.includes('installation:operate')
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.code === 'forbidden') return false
    throw error
  }
}
