/**
 * The selection as components see it.
 *
 * @module
 */
import { useSyncExternalStore } from 'react'
import type { Selection } from './selection.ts'

export function useSelectedIds(selection: Selection): ReadonlySet<string> {
  return useSyncExternalStore(selection.subscribe, selection.ids)
}

export function useIsSelected(selection: Selection, id: string): boolean {
  return useSyncExternalStore(selection.subscribe, () => selection.ids().has(id))
}
