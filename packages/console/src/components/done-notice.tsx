/**
 * What happened, read out to those who hear the page.
 *
 * @module
 */
import Alert from 'antd/es/alert'
import type { ReactNode } from 'react'

export function DoneNotice({ title, children }: { readonly title: string | null; readonly children?: ReactNode }) {
  return (
    <div role="status" aria-live="polite">
      {title !== null && (
        <Alert className="done-notice" type="success" showIcon role="none" title={title} description={children} />
      )}
    </div>
  )
}
