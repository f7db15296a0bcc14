/**
 * A button that starts an operation of the API, or says which permission for it is lacking.
 *
 * @module
 */
import Button, { type ButtonProps } from 'antd/es/button'
import Tooltip from 'antd/es/tooltip'
import { useLacking, type Operation } from '../api/use-lacking.ts'
import './allowed-button.css'

interface AllowedButtonProps extends ButtonProps {
  readonly operation: Operation
  readonly label: string
}

export function AllowedButton({ operation, label, ...button }: AllowedButtonProps) {
  const reason = useLacking(operation)
  if (reason === null) return <Button {...button}>{label}</Button>
  return (
    <Tooltip title={reason} trigger={['hover', 'focus']}>
      <Button className="unavailable" aria-disabled="true" aria-label={`${label}: ${reason}`}>
        {label}
      </Button>
    </Tooltip>
  )
}
