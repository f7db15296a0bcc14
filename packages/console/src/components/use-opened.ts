/**
 * Which record of a list is open, kept in the address: a link opens the same one.
 *
 * @module
 */
import { useSearchParams } from 'wouter'

export const NEW = 'new'

/** Null: none. {@link NEW}: one that is being made. */
export function useOpened(): [string | null, (id: string | null) => void] {
  const [params, setParams] = useSearchParams()
  const open = (id: string | null): void =>
    setParams((previous) => {
      const next = new URLSearchParams(previous)
      if (id === null) next.delete('open')
      else next.set('open', id)
      return next
    })
  return [params.get('open'), open]
}
