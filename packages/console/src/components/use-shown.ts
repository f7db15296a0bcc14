/**
 * The first rows of a list that came in whole, and more when asked for.
 *
 * @module
 */
import { useState } from 'react'

const STEP = 50

export interface Shown<Row> {
  readonly rows: readonly Row[]
  readonly all: number
  /** Null: nothing more is there. */
  readonly showMore: (() => void) | null
}

export function useShown<Row>(rows: readonly Row[]): Shown<Row> {
  const [count, setCount] = useState(STEP)
  return {
    rows: rows.slice(0, count),
    all: rows.length,
    showMore: rows.length > count ? () => setCount(count + STEP) : null,
  }
}
