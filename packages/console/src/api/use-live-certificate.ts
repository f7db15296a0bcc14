/**
 * Live progress of a certificate: while a page listens, every change of it is loaded by itself. Where events do not get through, the
 * page asks every few seconds instead.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { api } from './client.ts'
import { keys } from './keys.ts'

const RECONNECT_MS = 3000
const POLL_MS = 2500

/** A page in the background listens to nothing: a browser has six connections to one server, and each listener keeps one. */
function subscribeVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

/** @returns how often to ask, in milliseconds; false while events arrive. For `refetchInterval`. */
export function useLiveCertificate(id: string | null): number | false {
  const queries = useQueryClient()
  const [isLive, setLive] = useState(false)
  const isVisible = useSyncExternalStore(subscribeVisibility, () => document.visibilityState === 'visible')
  useEffect(() => {
    if (id === null || !isVisible) return
    const stop = new AbortController()
    const reload = async (): Promise<void> => {
      await queries.invalidateQueries({ queryKey: keys.certificates })
      await queries.invalidateQueries({ queryKey: keys.targets })
    }
    const listen = async (): Promise<void> => {
      let seen: string | null = null
      for await (const { version } of await api.certificates.events({ id }, { signal: stop.signal })) {
        setLive(true)
        if (seen !== null && seen !== version) await reload()
        seen = version
      }
    }
    const listenAgain = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        try {
          await listen()
        } catch (error) {
          if (error instanceof ApiProblem && error.problem.status < 429) return // asking again would be refused again
        }
        if (stop.signal.aborted) return
        setLive(false)
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
        // What changed while nobody listened.
        await reload()
      }
    }
    void listenAgain()
    return () => {
      stop.abort()
      setLive(false)
    }
  }, [id, isVisible, queries])
  return isLive ? false : POLL_MS
}
