/**
 * Asks before something that cannot be taken back. What the service refuses is said in the dialog, with what to do.
 *
 * @module
 */
import Modal from 'antd/es/modal'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemNotice } from './problem-notice.tsx'

export interface ConfirmDialogProps {
  readonly title: string
  /** What will happen, and what stays. */
  readonly text: string
  readonly confirm: string
  readonly isOpen: boolean
  readonly isBusy: boolean
  readonly error: unknown
  readonly onConfirm: () => void
  readonly onClose: () => void
  /** Below the text: a way to what is in the way. */
  readonly children?: ReactNode
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTranslation()
  const { title, text, confirm, isOpen, isBusy, error, onConfirm, onClose, children } = props
  return (
    <Modal
      open={isOpen}
      title={title}
      okText={confirm}
      okButtonProps={{ danger: true, loading: isBusy }}
      cancelText={t('shell.cancel')}
      onOk={onConfirm}
      onCancel={onClose}
      destroyOnHidden
    >
      <p>{text}</p>
      <ProblemNotice error={error} />
      {children}
    </Modal>
  )
}
