/**
 * Signing out: nothing of what was seen stays, in this tab and in the others.
 *
 * @module
 */
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { goOnWithSession } from '../api/session-end.ts'
import { signOut } from '../api/sign-in.ts'
import { writeTabAccount } from '../api/tab-account.ts'
import { readTabToken } from '../api/tab-token.ts'
import { forgetKept } from './kept-drafts.ts'

const CHANNEL = 'evercert.signOut'

export function useLeave(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    const isByToken = readTabToken() !== null
    await signOut(isByToken)
    if (!isByToken) tellOthers()
    leave(queries)
  }
}

function tellOthers(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage(null)
  channel.close()
}

function leave(queries: QueryClient): void {
  forgetKept()
  goOnWithSession()
  queries.clear()
  navigate('/sign-in')
}

/** Who signs out in another tab wants nothing of it to stay here. A tab with a token has a session of its own. */
export function useLeaveWithOthers(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL)
    channel.addEventListener('message', () => {
      if (readTabToken() !== null) return
      writeTabAccount(null)
      leave(queries)
    })
    return () => channel.close()
  }, [queries])
}
