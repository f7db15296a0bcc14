/**
 * What somebody prefers on this machine: remembered in the browser, by no account.
 *
 * @module
 */
import { useSyncExternalStore } from 'react'

export const THEMES = ['system', 'light', 'dark'] as const
export type ThemeChoice = (typeof THEMES)[number]

const THEME_PLACE = 'evercert.theme'
const TOUR_PLACE = 'evercert.tour'
const MENU_PLACE = 'evercert.menuCollapsed'

const listeners = new Set<() => void>()
const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function remember(place: string, value: string): void {
  localStorage.setItem(place, value)
  for (const listener of listeners) listener()
}

function readTheme(): ThemeChoice {
  const remembered = localStorage.getItem(THEME_PLACE)
  return THEMES.find((theme) => theme === remembered) ?? 'system'
}

export function useThemeChoice(): [ThemeChoice, (choice: ThemeChoice) => void] {
  return [useSyncExternalStore(subscribe, readTheme), (choice) => remember(THEME_PLACE, choice)]
}

/** Until somebody chooses, it is short where tables need the room. */
export function useMenuCollapsed(): [boolean, (collapsed: boolean) => void] {
  const isMiddle = useMedia(MIDDLE)
  const read = (): boolean => (localStorage.getItem(MENU_PLACE) ?? String(isMiddle)) === 'true'
  return [useSyncExternalStore(subscribe, read), (collapsed) => remember(MENU_PLACE, String(collapsed))]
}

/** Whether the tour of the first steps was put away. */
export function useTourIsAway(): [boolean, (isAway: boolean) => void] {
  const read = (): boolean => localStorage.getItem(TOUR_PLACE) === 'away'
  return [useSyncExternalStore(subscribe, read), (isAway) => remember(TOUR_PLACE, isAway ? 'away' : 'shown')]
}

const answers = new Map<string, boolean>()

/**
 * For a moment a window may have no width: while the browser draws a picture of the page, or puts the window away. Nobody looks at it then, and
 * what would be laid out anew for it would lose what was open in it.
 */
function answerOf(query: string): boolean {
  const before = answers.get(query)
  if (innerWidth <= 1 && before !== undefined) return before
  const { matches } = matchMedia(query)
  answers.set(query, matches)
  return matches
}

/** True while the media query holds. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => answerOf(query),
  )
}

/** The widest screen that gets cards and a drawer in place of table and menu. */
export const NARROW = '(max-width: 767px)'

/** A table and the whole menu beside it are more than fit. */
const MIDDLE = '(max-width: 1100px)'

export function useIsDark(): boolean {
  const [choice] = useThemeChoice()
  const systemIsDark = useMedia('(prefers-color-scheme: dark)')
  return choice === 'dark' || (choice === 'system' && systemIsDark)
}
