/**
 * A link to another page that looks like a button.
 *
 * @module
 */
import Button from 'antd/es/button'
import { useLocation } from 'wouter'

interface LinkButtonProps {
  readonly href: string
  readonly type?: 'primary' | 'default'
  readonly children: string
}

export function LinkButton({ href, type = 'primary', children }: LinkButtonProps) {
  const [, go] = useLocation()
  return (
    <Button
      type={type}
      href={href}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return // another tab or window
        event.preventDefault()
        go(href)
      }}
    >
      {children}
    </Button>
  )
}
