/**
 * Who calls, in which account, and what they may do.
 *
 * @module
 */
import type { MeView } from '@evercert/contract'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { api } from './client.ts'
import { keys } from './keys.ts'
import { readTabAccount, writeTabAccount } from './tab-account.ts'

/** @param isAsked false: only what is known already */
export function useMe(isAsked = true): UseQueryResult<MeView> {
  return useQuery({ queryKey: keys.me, queryFn: loadMe, staleTime: Infinity, enabled: isAsked })
}

/** The tab stays in the account in which it was opened. */
async function loadMe(): Promise<MeView> {
  const me = await api.me.get()
  if (me.kind === 'user' && me.account !== null && readTabAccount() === null) writeTabAccount(me.account.id)
  return me
}

/** In another account from now on: nothing of the one before stays in this tab. @throws ApiProblem `notFound` when it is closed to the user */
export async function enterAccount(accountId: string): Promise<void> {
  await api.sessions.chooseAccount({ accountId }) // so that new tabs are in it too, and its audit log says who came
  writeTabAccount(accountId)
  location.assign('/')
}
