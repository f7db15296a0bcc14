/**
 * A button or link that says why it cannot be used, to those who point at it and to those who hear the page.
 *
 * @module
 */
import Tooltip from 'antd/es/tooltip'
import { useEffect, useId, useRef, useState, type MouseEvent, type ReactNode } from 'react'
import './action.css'
import { LightLink } from './light-link.tsx'

export interface ActionProps {
  readonly label: string
  /** Said after the label to those who do not see the row, for instance the certificate's name. */
  readonly of?: string
  readonly href?: string
  /** The link opens over the page, which stays as its address says. */
  readonly isOver?: boolean
  readonly onClick?: () => void
  /** Why it cannot be used now; null or left out: it can. */
  readonly reason?: string | null
}

export function Action({ label, of, href, isOver = false, onClick, reason = null }: ActionProps) {
  const hidden = of === undefined ? null : <span className="visually-hidden"> {of}</span>
  if (reason !== null) return <Unavailable label={label} hidden={hidden} reason={reason} />
  if (href !== undefined) {
    return (
      <LightLink className="action" href={href} isOver={isOver} {...(onClick !== undefined && { onClick })}>
        {label}
        {hidden}
      </LightLink>
    )
  }
  return (
    <button type="button" className="action" onClick={onClick}>
      {label}
      {hidden}
    </button>
  )
}

/** From the button to its reason the pointer crosses a gap; the reason stays meanwhile (WCAG 2.2, 1.4.13). */
const LEAVE_MS = 150

interface UnavailableProps {
  readonly label: string
  readonly hidden: ReactNode
  readonly reason: string
}

/** A list has thousands of these: the tooltip, which costs more than the rest of a row, is made when somebody points at one. */
function Unavailable({ label, hidden, reason }: UnavailableProps) {
  const id = useId()
  const [isOpen, setOpen] = useState<boolean | null>(null)
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined)
  const show = (): void => {
    clearTimeout(leaving.current)
    setOpen(true)
  }
  const hide = (): void => {
    clearTimeout(leaving.current)
    leaving.current = setTimeout(() => setOpen(false), LEAVE_MS)
  }
  useEffect(() => () => clearTimeout(leaving.current), [])
  return (
    <span className="action-place">
      <button
        type="button"
        className="action"
        aria-disabled="true"
        aria-describedby={id}
        onClick={(event: MouseEvent) => event.preventDefault()}
        onMouseEnter={show}
        onMouseLeave={hide}
        onFocus={show}
        onBlur={hide}
        onKeyDown={({ key }) => {
          if (key === 'Escape') setOpen(false)
        }}
      >
        {label}
        {hidden}
        <span id={id} className="visually-hidden">
          {reason}
        </span>
      </button>
      {isOpen !== null && (
        <Tooltip title={reason} open={isOpen} onOpenChange={(wanted) => (wanted ? show() : hide())}>
          <span className="action-anchor" aria-hidden="true" />
        </Tooltip>
      )}
    </span>
  )
}
