/**
 * The one client of the console. Pages call it inside queries and mutations; what fails is an `ApiProblem` or a lost connection.
 *
 * @module
 */
import { createClient } from '@evercert/contract/client'
import { readTabToken } from './tab-token.ts'

export const api = createClient({ url: location.origin, readToken: readTabToken })

/** Who calls with a token of its own, for instance to try one. */
export function createClientWith(token: string): ReturnType<typeof createClient> {
  return createClient({ url: location.origin, token })
}
