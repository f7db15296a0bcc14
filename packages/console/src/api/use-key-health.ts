/**
 * Whether the service reaches its master keys, for whoever operates it.
 *
 * @module
 */
import type { KeyHealthView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api } from './client.ts'
import { keys } from './keys.ts'
import { useMe } from './use-me.ts'

const ASK_MS = 30_000
/** The page that was opened comes first. */
const BEGIN_MS = 2000

/** Of nodes whose token does not answer; empty: all is well, not known, or none of the user's business. */
export function useAwayNodes(): KeyHealthView['nodes'] {
  const [hasBegun, setBegun] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setBegun(true), BEGIN_MS)
    return () => clearTimeout(timer)
  }, [])
  // As the operation declares it; the contract itself does not belong to what a browser loads first.
  const mayKnow = useMe().data?.scopes.includes('installation:operate') === true
  const health = useQuery({
    queryKey: keys.keyHealth,
    queryFn: () => api.masterKeys.health(),
    enabled: mayKnow && hasBegun,
    refetchInterval: ASK_MS,
  })
  return (health.data?.nodes ?? []).filter(({ awaySince }) => awaySince !== null)
}
