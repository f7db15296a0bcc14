/**
 * Does something once the password was given.
 *
 * @module
 */
import { useMutation } from '@tanstack/react-query'
import Form from 'antd/es/form'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import type { Editing } from '../../components/use-editing.ts'
import { OtherProblem, OwnName, PresentPassword } from './present-password.tsx'

interface PasswordDialogProps {
  readonly email: string
  readonly title: string
  /** What will happen. */
  readonly text: string
  readonly confirm: string
  readonly isDangerous?: boolean
  readonly editing: Editing<null>
  readonly act: (password: string) => Promise<void>
}

export function PasswordDialog({ email, title, text, confirm, isDangerous = false, editing, act }: PasswordDialogProps) {
  const [form] = Form.useForm<{ password: string }>()
  const action = useMutation({ mutationFn: act, onSuccess: editing.close })
  return (
    <ConfirmDialog
      title={title}
      confirm={confirm}
      isDangerous={isDangerous}
      isOpen={editing.isOpen}
      isPending={action.isPending}
      error={null}
      onConfirm={() => form.submit()}
      onClose={editing.close}
    >
      <p>{text}</p>
      <Form<{ password: string }>
        form={form}
        name="confirm"
        layout="vertical"
        requiredMark={false}
        onFinish={({ password }) => action.mutate(password)}
      >
        <OtherProblem error={action.error} />
        <OwnName email={email} />
        <PresentPassword error={action.error} />
        <button type="submit" hidden>
          {confirm}
        </button>
      </Form>
    </ConfirmDialog>
  )
}
