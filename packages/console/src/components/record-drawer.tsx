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
import { NARROW, useMedia } from '../app/preferences.ts'
import { overlayPlace } from './overlay-place.ts'
import './record-drawer.css'

export interface RecordDrawerProps {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  /** The form that the primary action submits; null: there is nothing to submit. */
  readonly formId: string | null
  readonly submit?: string
  /** What closing without submitting is called. */
  readonly cancel?: string
  readonly isBusy?: boolean
  readonly children: ReactNode
}

const WIDTH = 560

export function RecordDrawer({ title, isOpen, onClose, formId, submit, cancel, isBusy = false, children }: RecordDrawerProps) {
  const { t } = useTranslation()
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
          {formId !== null && (
            <Button type="primary" htmlType="submit" form={formId} loading={isBusy}>
              {submit ?? t('forms.save')}
            </Button>
          )}
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
