/**
 * A document to print: black on white in both themes, A4 on paper, without what is around it on the screen.
 *
 * @module
 */
import Button from 'antd/es/button'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import './sheet.css'

export function Sheet({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <article className="sheet" aria-labelledby="sheet-title">
      <h2 id="sheet-title" className="sheet-title">
        {title}
      </h2>
      {children}
    </article>
  )
}

export function PrintButton() {
  const { t } = useTranslation()
  return (
    <Button type="primary" onClick={() => print()}>
      {t('receipts.print')}
    </Button>
  )
}

/** A time on paper: nobody knows in which zone it is read. */
export function UtcMoment({ at }: { readonly at: string }) {
  return <time dateTime={at}>{`${at.slice(0, 19).replace('T', ' ')} UTC`}</time>
}
