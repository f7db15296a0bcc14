/**
 * A button or link that says why it cannot be used, to those who point at it and to those who hear the page.
 *
 * @module
 */
import Tooltip from 'antd/es/tooltip'
import { useId, type MouseEvent } from 'react'
import { Link } from 'wouter'
import './action.css'

export interface ActionProps {
  readonly label: string
  /** Said after the label to those who do not see the row, for instance the certificate's name. */
  readonly of?: string
  readonly href?: string
  readonly onClick?: () => void
  /** Why it cannot be used now; null or left out: it can. */
  readonly reason?: string | null
}

export function Action({ label, of, href, onClick, reason = null }: ActionProps) {
  const id = useId()
  const hidden = of === undefined ? null : <span className="visually-hidden"> {of}</span>
  if (reason !== null) {
    return (
      <Tooltip title={reason} trigger={['hover', 'focus']}>
        <button
          type="button"
          className="action"
          aria-disabled="true"
          aria-describedby={id}
          onClick={(event: MouseEvent) => event.preventDefault()}
        >
          {label}
          {hidden}
          <span id={id} className="visually-hidden">
            {reason}
          </span>
        </button>
      </Tooltip>
    )
  }
  if (href !== undefined) {
    return (
      <Link className="action" href={href} {...(onClick !== undefined && { onClick })}>
        {label}
        {hidden}
      </Link>
    )
  }
  return (
    <button type="button" className="action" onClick={onClick}>
      {label}
      {hidden}
    </button>
  )
}
