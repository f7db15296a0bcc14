/**
 * How data is loaded, kept and loaded again, and what happens when the service does not know who calls.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { keys } from './keys.ts'
import { readTabAccount, writeTabAccount } from './tab-account.ts'

const MAX_RETRIES = 2
const FRESH_MS = 5000
/** The browser may say that it is offline while the service, on this machine or in this network, answers: a call is made, and fails or not. */
const ALWAYS = 'always'

/** The service answered and means it: asking again changes nothing. */
function isFinal(error: Error): boolean {
  return error instanceof ApiProblem && error.problem.status < 500 && error.problem.status !== 429
}

/** The account of this tab is closed to who is signed in, who may be somebody else than before: the tab begins anew in the session's own. */
function leaveClosedAccount(): void {
  if (readTabAccount() === null) return
  writeTabAccount(null)
  location.assign('/')
}

/** @param onUnauthenticated called when an answer says that nobody is signed in */
export function createQueryClient(onUnauthenticated: () => void): QueryClient {
  const onError = (error: Error): void => {
    if (error instanceof ApiProblem && error.problem.code === 'unauthenticated') onUnauthenticated()
  }
  const onQueryError = (error: Error, { queryKey }: { readonly queryKey: readonly unknown[] }): void => {
    if (queryKey[0] === keys.me[0] && error instanceof ApiProblem && error.problem.code === 'notFound') leaveClosedAccount()
    else onError(error)
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError: onQueryError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: { networkMode: ALWAYS, staleTime: FRESH_MS, retry: (count, error) => count < MAX_RETRIES && !isFinal(error) },
      mutations: { networkMode: ALWAYS, retry: false },
    },
  })
}
