/**
 * A link to a page of the console for where there are hundreds: wouter's own each listens to the address, which this one only changes.
 *
 * @module
 */
import type { MouseEvent, ReactNode } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { placeOver } from '../app/over-place.ts'

interface LightLinkProps {
  readonly href: string
  /** It opens over the page, which stays as its address says. */
  readonly isOver?: boolean
  readonly className?: string
  readonly onClick?: () => void
  readonly children: ReactNode
}

export function LightLink({ href, isOver = false, className, onClick, children }: LightLinkProps) {
  return (
    <a
      href={href}
      className={className}
      onClick={(event) => {
        onClick?.()
        follow(event, isOver ? placeOver(href) : href)
      }}
    >
      {children}
    </a>
  )
}

/** With another button or a key held, the browser does what it does with links. */
function follow(event: MouseEvent, href: string): void {
  const { ctrlKey, metaKey, altKey, shiftKey, button } = event
  if (ctrlKey || metaKey || altKey || shiftKey || button !== 0 || event.defaultPrevented) return
  event.preventDefault()
  navigate(href)
}
