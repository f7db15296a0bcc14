/**
 * Which record a drawer is about: kept while it closes, so that the focus goes back to where it was opened.
 *
 * @module
 */
import { useState } from 'react'
import { useSaid, type Said } from './said.tsx'

export interface Editing<Row> {
  /** Null: a new one. */
  readonly row: Row | null
  readonly isOpen: boolean
  /** A new one for each opening: what was typed before is not there any more. */
  readonly key: number
  readonly open: (row: Row | null) => void
  readonly close: () => void
  /** What was done last, until something is opened again. */
  readonly done: string | null
  /** What a drawer takes. */
  readonly drawer: {
    readonly isOpen: boolean
    readonly onClose: () => void
    readonly onDone: (what: Said) => void
  }
}

export function useEditing<Row>(): Editing<Row> {
  const [state, setState] = useState<{ row: Row | null; isOpen: boolean; key: number }>({ row: null, isOpen: false, key: 0 })
  const [done, setDone] = useSaid()
  const close = (): void => setState((before) => ({ ...before, isOpen: false }))
  return {
    ...state,
    close,
    done,
    open: (row) => {
      setDone(null)
      setState(({ key }) => ({ row, isOpen: true, key: key + 1 }))
    },
    drawer: {
      isOpen: state.isOpen,
      onClose: close,
      onDone: (what) => {
        close()
        setDone(what)
      },
    },
  }
}
