/**
 * A form beside the list it belongs to. It closes by its buttons alone, so that a stray click loses nothing that was typed.
 *
 * @module
 */
import Button from 'antd/es/button'
import Drawer from 'antd/es/drawer'
import type { ReactNode } from 'react'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { Operation } from '../api/use-lacking.ts'
import { NARROW, useMedia } from '../app/preferences.ts'
import { AllowedButton } from './allowed-button.tsx'
import { overlayPlace } from './overlay-place.ts'
import './record-drawer.css'

export interface RecordDrawerProps {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  /** The form that the primary action submits; null: there is nothing to submit. */
  readonly formId: string | null
  readonly submit?: string
  /** What submitting calls: whoever lacks the permission is told, also when a link opened the drawer. */
  readonly operation?: Operation
  /** What closing without submitting is called. */
  readonly cancel?: string
  readonly isBusy?: boolean
  readonly children: ReactNode
}

const WIDTH = 560

export function RecordDrawer(props: RecordDrawerProps) {
  const { t } = useTranslation()
  const { title, isOpen, onClose, formId, submit, operation, cancel, isBusy = false, children } = props
  const button = { type: 'primary', htmlType: 'submit', loading: isBusy, ...(formId !== null && { form: formId }) } as const
  const label = submit ?? t('forms.save')
  const isNarrow = useMedia(NARROW)
  return (
    <Drawer
      open={isOpen}
      title={title}
      size={isNarrow ? '100%' : WIDTH}
      onClose={onClose}
      mask={{ closable: false }}
      destroyOnHidden
      getContainer={overlayPlace}
      footer={
        <div className="drawer-foot">
          {formId !== null &&
            (operation === undefined ? (
              <Button {...button}>{label}</Button>
            ) : (
              <AllowedButton {...button} operation={operation} label={label} />
            ))}
          <Button onClick={onClose}>{cancel ?? (formId === null ? t('shell.close') : t('shell.cancel'))}</Button>
        </div>
      }
    >
      {children}
    </Drawer>
  )
}

/** An id for the form of a drawer. */
export function useFormId(): string {
  return `form${useId().replaceAll(/\W/g, '')}`
}
