/**
 * What an action on many will not be done to, and why.
 *
 * @module
 */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { LeftOut } from './report-csv.ts'

export function LeftOutList({ leftOut }: { readonly leftOut: readonly LeftOut[] }) {
  const { t } = useTranslation()
  if (leftOut.length === 0) return null
  return (
    <section className="bulk-section">
      <h3>{t('bulk.leftOut', { count: leftOut.length })}</h3>
      <ScrolledList label={t('bulk.leftOut', { count: leftOut.length })}>
        {leftOut.map(({ certificateId, name, reason }) => (
          <li key={certificateId}>
            <strong className="break">{name}</strong>
            <span className="muted">{reason}</span>
          </li>
        ))}
      </ScrolledList>
    </section>
  )
}

interface ScrolledListProps {
  readonly label: string
  readonly children: ReactNode
}

/** Thousands stay within the dialog. */
export function ScrolledList({ label, children }: ScrolledListProps) {
  return (
    // What scrolls has to take the focus, or no keyboard scrolls it (WCAG 2.1.1).
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="bulk-scroll" role="group" aria-label={label} tabIndex={0}>
      <ul className="bulk-list">{children}</ul>
    </div>
  )
}
