/**
 * Signing out: nothing of what was seen stays.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { signOut } from '../api/sign-in.ts'
import { readTabToken } from '../api/tab-token.ts'
import { forgetKept } from './kept-drafts.ts'

export function useLeave(): () => Promise<void> {
  const [, go] = useLocation()
  const queries = useQueryClient()
  return async () => {
    await signOut(readTabToken() !== null)
    forgetKept()
    queries.clear()
    go('/sign-in')
  }
}
