/**
 * A button that starts an operation of the API, or says which permission for it is lacking. Enter in a field submits a form by its first
 * button: where that may not be pressed, there is one that cannot be, so that Enter does nothing either.
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
    <>
      {button.htmlType === 'submit' && (
        <button type="submit" form={button.form} disabled hidden>
          {label}
        </button>
      )}
      <Tooltip title={reason} trigger={['hover', 'focus']}>
        <Button className="unavailable" aria-disabled="true" aria-label={`${label}: ${reason}`}>
          {label}
        </Button>
      </Tooltip>
    </>
  )
}
