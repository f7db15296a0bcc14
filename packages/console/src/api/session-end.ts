/**
 * Whether the session of who works in this tab has ended, and whether they are asked to sign in again: over the page, which keeps what was typed.
 *
 * @module
 */
import { useSyncExternalStore } from 'react'

/** `away`: they were asked, and said "not now"; `over`: they signed in again. */
type SessionEnd = 'none' | 'asked' | 'away' | 'over'

let current: SessionEnd = 'none'
const listeners = new Set<() => void>()

function become(next: SessionEnd): void {
  current = next
  for (const listener of listeners) listener()
}

/** @param isWanted somebody did something that needs the session: they are asked again, whatever they said */
export function askToGoOn(isWanted: boolean): void {
  if (current !== 'away' || isWanted) become('asked')
}

export const putAway = (): void => become('away')
export const goOnWithSession = (): void => become('over')

export function useSessionEnd(): SessionEnd {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}
