/**
 * Which certificates of the list are selected. Kept outside the state of the page: of a thousand rows only the boxes that change are drawn.
 *
 * @module
 */
export interface Selection {
  readonly ids: () => ReadonlySet<string>
  readonly change: (ids: Iterable<string>, isSelected: boolean) => void
  /** From the box that was changed last to this one, in the order given: all become what that one is. */
  readonly changeRange: (id: string, order: readonly string[]) => void
  readonly clear: () => void
  readonly subscribe: (listener: () => void) => () => void
}

export function createSelection(): Selection {
  let ids: ReadonlySet<string> = new Set()
  let anchor: string | null = null
  const listeners = new Set<() => void>()
  const set = (next: ReadonlySet<string>): void => {
    ids = next
    for (const listener of listeners) listener()
  }
  const change = (changed: Iterable<string>, isSelected: boolean): void => {
    const next = new Set(ids)
    for (const id of changed) {
      anchor = id
      if (isSelected) next.add(id)
      else next.delete(id)
    }
    set(next)
  }
  return {
    ids: () => ids,
    change,
    changeRange: (id, order) => {
      const [from, to] = [anchor === null ? -1 : order.indexOf(anchor), order.indexOf(id)]
      const range = from === -1 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1)
      change(range, anchor === null || from === -1 || ids.has(anchor))
      anchor = id
    },
    clear: () => {
      anchor = null
      if (ids.size > 0) set(new Set())
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
