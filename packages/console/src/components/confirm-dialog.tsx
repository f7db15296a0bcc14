/**
 * Asks before something that cannot be taken back: says what it will do, shows why it was refused, and closes when it is done.
 *
 * @module
 */
import Modal from 'antd/es/modal'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { overlayPlace } from './overlay-place.ts'
import './page.css'
import { ProblemNotice } from './problem-notice.tsx'

interface ConfirmDialogProps {
  readonly title: string
  readonly isOpen: boolean
  readonly confirm: string
  readonly isDangerous?: boolean
  /** False: what is asked is answered by the children alone. */
  readonly hasConfirm?: boolean
  readonly isPending: boolean
  readonly error: unknown
  readonly onConfirm: () => void
  readonly onClose: () => void
  /** What will happen. */
  readonly children: ReactNode
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTranslation()
  const { title, isOpen, confirm, isDangerous = true, hasConfirm = true, isPending, error, onConfirm, onClose, children } = props
  return (
    <Modal
      className="dialog"
      title={title}
      open={isOpen}
      okText={confirm}
      cancelText={t('shell.cancel')}
      okButtonProps={{ danger: isDangerous, loading: isPending, ...(!hasConfirm && { style: { display: 'none' } }) }}
      onOk={onConfirm}
      onCancel={onClose}
      destroyOnHidden
      getContainer={overlayPlace}
    >
      {children}
      <ProblemNotice error={error} />
    </Modal>
  )
}
