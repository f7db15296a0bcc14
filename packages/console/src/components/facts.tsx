/**
 * Pairs of a name and a value.
 *
 * @module
 */
import type { ReactNode } from 'react'
import './facts.css'

/** What is null is left out. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode] | null)[] }) {
  return (
    <dl className="facts">
      {items.map((item) =>
        item === null ? null : (
          <div key={item[0]} className="fact-pair">
            <dt>{item[0]}</dt>
            <dd>{item[1]}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
