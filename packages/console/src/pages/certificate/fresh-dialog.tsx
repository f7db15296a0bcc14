/**
 * Asks again who is there, before a private key is given out.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import { useMutation } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { useMe } from '../../api/use-me.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'

export function needsFresh(error: unknown): boolean {
  return error instanceof ApiProblem && error.problem.code === 'freshAuthenticationNeeded'
}

interface FreshDialogProps {
  readonly onConfirmed: () => void
  readonly onClose: () => void
}

interface Values {
  readonly password?: string
  readonly code?: string
}

/** By password, or by a code where there is a second factor; who has neither, as with a passkey alone, signs in again. */
export function FreshDialog({ onConfirmed, onClose }: FreshDialogProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const { data: me } = useMe()
  const hasCode = me?.user?.hasSecondFactor === true
  const confirm = useMutation({
    mutationFn: ({ password = '', code = '' }: Values) =>
      api.sessions.confirm(code === '' ? { password } : { code: code.replaceAll(' ', '') }),
    onSuccess: onConfirmed,
  })
  return (
    <ConfirmDialog
      title={t('certificate.freshTitle')}
      isOpen
      confirm={t('certificate.freshConfirm')}
      isDangerous={false}
      isPending={confirm.isPending}
      error={confirm.error}
      onConfirm={() => form.submit()}
      onClose={onClose}
    >
      <p>{t('certificate.freshText')}</p>
      <Form<Values> form={form} name="fresh" layout="vertical" requiredMark={false} onFinish={(values) => confirm.mutate(values)}>
        <input type="text" autoComplete="username" value={me?.user?.email ?? ''} readOnly hidden />
        <Form.Item
          name="password"
          label={t('certificate.freshPassword')}
          dependencies={['code']}
          rules={[
            ({ getFieldValue }) => ({
              required: ((getFieldValue('code') as string | undefined) ?? '') === '',
              message: t('signIn.passwordMissing'),
            }),
          ]}
        >
          <Input.Password autoComplete="current-password" maxLength={128} />
        </Form.Item>
        {hasCode && (
          <Form.Item
            name="code"
            label={t('certificate.freshCode')}
            rules={[{ pattern: /^(\d ?){6}$/, message: t('security.codeMissing') }]}
          >
            <Input inputMode="numeric" autoComplete="one-time-code" maxLength={12} />
          </Form.Item>
        )}
        <p className="muted">
          <Link href="/sign-in">{t('certificate.freshSignIn')}</Link>
        </p>
        <button type="submit" hidden>
          {t('certificate.freshConfirm')}
        </button>
      </Form>
    </ConfirmDialog>
  )
}
