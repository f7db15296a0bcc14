/**
 * Changing one's password.
 *
 * @module
 */
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { keys } from '../../api/keys.ts'
import { changePassword } from '../../api/sign-in.ts'
import { DoneNotice } from '../../components/done-notice.tsx'
import { OtherProblem, OwnName, PresentPassword } from './present-password.tsx'

interface Values {
  readonly password: string
  readonly newPassword: string
}

export function PasswordPanel({ email }: { readonly email: string }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: ({ password, newPassword }: Values) => changePassword(password, newPassword),
    onSuccess: async () => {
      form.resetFields()
      await queries.invalidateQueries({ queryKey: keys.sessions })
    },
  })
  const rule = t('signIn.passwordHelp', { count: MIN_PASSWORD_LENGTH })
  return (
    <section className="panel" aria-label={t('security.password')}>
      <h2>{t('security.password')}</h2>
      <p className="muted">{t('security.passwordIntro')}</p>
      <DoneNotice title={change.isSuccess ? t('security.passwordChanged') : null} />
      <Form<Values>
        className="password-form"
        name="change" // several forms of this page have a password: its fields have ids of their own
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => change.mutate(values)}
      >
        <OtherProblem error={change.error} />
        <OwnName email={email} />
        <PresentPassword error={change.error} />
        <Form.Item
          name="newPassword"
          label={t('security.newPassword')}
          extra={rule}
          rules={[{ required: true, min: MIN_PASSWORD_LENGTH, message: rule }]}
        >
          <Input.Password autoComplete="new-password" maxLength={MAX_PASSWORD_LENGTH} />
        </Form.Item>
        <Button htmlType="submit" loading={change.isPending}>
          {t('security.changePassword')}
        </Button>
      </Form>
    </section>
  )
}
