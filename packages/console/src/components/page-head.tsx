/**
 * The top of a page: its name, what it is for in a sentence, what can be done here, and what was done last.
 *
 * @module
 */
import type { ReactNode } from 'react'
import './page-head.css'

export interface PageHeadProps {
  readonly title: string
  readonly intro?: string
  /** Buttons; the primary action first. */
  readonly actions?: ReactNode
  /** What an action ended with; it is said aloud when it changes. Null: nothing was done yet. */
  readonly result?: ReactNode
  /** `warning`: not all of it was done. */
  readonly tone?: 'good' | 'warning'
}

export function PageHead({ title, intro, actions, result = null, tone = 'good' }: PageHeadProps) {
  return (
    <>
      <div className="page-head">
        <h1 className="page-title">{title}</h1>
        {actions !== undefined && <div className="page-head-actions">{actions}</div>}
      </div>
      {intro !== undefined && <p className="page-head-intro">{intro}</p>}
      <div role="status" className="result-line" data-tone={tone}>
        {result}
      </div>
    </>
  )
}
