/**
 * The list as it is, by itself: what others upload, order or renew appears while the page is open. Nothing is loaded anew, and nothing moves, while
 * somebody is at something: what changed waits until they are done.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { api } from './client.ts'
import { keys } from './keys.ts'

const RECONNECT_MS = 5000
/** Also without news: a certificate expires by the clock alone, and events may not get through. */
const ANYWAY_MS = 30_000
/** What changes again and again, as while thousands are uploaded, is loaded so often at most; and not for more than a tenth of the time. */
const AT_MOST_EVERY_MS = 4000
const SHARE = 10
/** Who did something so long ago is looked at as done with it. */
const AT_REST_MS = 1200
const ASK_AGAIN_MS = 400

const ACTS = ['keydown', 'pointerdown', 'pointerup', 'wheel', 'touchmove', 'scroll'] as const
/** Menus, lists to choose from, drawers, dialogs: whatever is open over the page. */
const OPEN = [
  '.ant-dropdown:not(.ant-dropdown-hidden)',
  '.ant-select-dropdown:not(.ant-select-dropdown-hidden)',
  '.ant-popover:not(.ant-popover-hidden)',
  '.ant-drawer-open',
  '[role=dialog]',
].join()

/** What was closed may be in the page still. */
function isSomethingOpen(): boolean {
  return [...document.querySelectorAll(OPEN)].some((each) => each.getClientRects().length > 0)
}

/** A page in the background listens to nothing: a browser has six connections to one server, and each listener keeps one. */
function subscribeVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

export interface LiveList {
  /** Something changed, and is not shown before somebody asks: it would move what they are about. */
  readonly isWaiting: boolean
  readonly show: () => void
}

interface LiveListOptions {
  /** False: something lies over the list, and listens itself. */
  readonly isListening: boolean
  /** Rows are selected, or so many pages are shown that they are not loaded anew by themselves. */
  readonly isHeld: () => boolean
}

export function useLiveList({ isListening, isHeld }: LiveListOptions): LiveList {
  const queries = useQueryClient()
  const [isWaiting, setWaiting] = useState(false)
  const isVisible = useSyncExternalStore(subscribeVisibility, () => document.visibilityState === 'visible')
  const held = useRef(isHeld)
  const hasListened = useRef(false)
  useEffect(() => {
    held.current = isHeld
  })
  useEffect(() => {
    if (!isListening || !isVisible) return
    const refresher = createRefresher({
      isHeld: () => held.current(),
      onWaiting: setWaiting,
      refresh: () => queries.invalidateQueries({ queryKey: keys.certificates }, { cancelRefetch: false }),
    })
    const stop = new AbortController()
    if (hasListened.current) refresher.changed() // meanwhile nobody listened
    hasListened.current = true
    void listen(stop.signal, refresher.changed)
    return () => {
      stop.abort()
      refresher.end()
    }
  }, [isListening, isVisible, queries])
  return {
    isWaiting,
    show: () => {
      setWaiting(false)
      void queries.invalidateQueries({ queryKey: keys.certificates })
    },
  }
}

async function listen(signal: AbortSignal, onChange: () => void): Promise<void> {
  let isFirst = true
  while (!signal.aborted) {
    try {
      for await (const { changes } of await api.certificates.changes({}, { signal })) {
        // What changed while nobody listened; at the very first the list was just loaded.
        if (changes > 0 || !isFirst) onChange()
        isFirst = false
      }
    } catch (error) {
      if (error instanceof ApiProblem && error.problem.status < 429) return // asking again would be refused again
    }
    if (signal.aborted) return
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
  }
}

interface RefresherOptions {
  readonly isHeld: () => boolean
  readonly onWaiting: (isWaiting: boolean) => void
  readonly refresh: () => Promise<unknown>
}

/** Loads anew what changed, when nobody is disturbed by it. */
function createRefresher({ isHeld, onWaiting, refresh }: RefresherOptions) {
  let actedAt = Number.NEGATIVE_INFINITY
  let [isDue, isLoading, notBefore] = [false, false, 0]
  let loadedAt = performance.now()
  const act = (): void => {
    actedAt = performance.now()
  }
  for (const name of ACTS) addEventListener(name, act, { capture: true, passive: true })
  const isBusy = (): boolean => performance.now() - actedAt < AT_REST_MS || getSelection()?.type === 'Range' || isSomethingOpen()
  const load = async (): Promise<void> => {
    const begun = performance.now()
    ;[isDue, isLoading] = [false, true]
    onWaiting(false)
    await refresh()
    isLoading = false
    loadedAt = performance.now()
    notBefore = loadedAt + Math.max(AT_MOST_EVERY_MS, SHARE * (loadedAt - begun))
  }
  const timer = setInterval(() => {
    const now = performance.now()
    if (isLoading || now < notBefore || !(isDue || now - loadedAt > ANYWAY_MS) || isBusy()) return
    if (!isHeld()) void load()
    else if (isDue) onWaiting(true)
  }, ASK_AGAIN_MS)
  return {
    changed: (): void => {
      isDue = true
    },
    end: (): void => {
      clearInterval(timer)
      for (const name of ACTS) removeEventListener(name, act, { capture: true })
    },
  }
}
