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

/** An answer said that nobody is signed in. */
export interface Unauthenticated {
  /** The tab knows somebody: their session has ended. */
  readonly isKnown: boolean
  /** Not a page that asked for the same again by itself. */
  readonly isWanted: boolean
}

interface Failed {
  readonly queryKey: readonly unknown[]
  readonly state: { readonly data: unknown }
}

export function createQueryClient(onUnauthenticated: (how: Unauthenticated) => void): QueryClient {
  const failed = (error: Error, isWanted: boolean): void => {
    if (!(error instanceof ApiProblem) || error.problem.code !== 'unauthenticated') return
    onUnauthenticated({ isKnown: client.getQueryData(keys.me) !== undefined, isWanted })
  }
  const onQueryError = (error: Error, { queryKey, state }: Failed): void => {
    if (queryKey[0] === keys.me[0] && error instanceof ApiProblem && error.problem.code === 'notFound') leaveClosedAccount()
    else failed(error, state.data === undefined)
  }
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: onQueryError }),
    mutationCache: new MutationCache({ onError: (error) => failed(error, true) }),
    defaultOptions: {
      queries: { networkMode: ALWAYS, staleTime: FRESH_MS, retry: (count, error) => count < MAX_RETRIES && !isFinal(error) },
      mutations: { networkMode: ALWAYS, retry: false },
    },
  })
  return client
}
