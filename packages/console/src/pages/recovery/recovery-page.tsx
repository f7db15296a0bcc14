/**
 * `/recovery#token=…`, the way back in that an operator gave: sets a new password, and signs in.
 *
 * @module
 */
import { useMutation } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { signInByPassword } from '../../api/sign-in.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { useFormFaults } from '../../components/form-faults.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { LinkPage } from '../sign-in/link-page.tsx'
import { NewPasswordField } from '../sign-in/new-user-fields.tsx'
import { useEnter } from '../sign-in/use-enter.ts'

export function RecoveryPage() {
  const { t } = useTranslation()
  return <LinkPage title={t('signIn.recoveryTitle')}>{(token) => <RecoveryForm token={token} />}</LinkPage>
}

function RecoveryForm({ token }: { readonly token: string }) {
  const { t } = useTranslation()
  const enter = useEnter()
  const [form] = Form.useForm<{ password: string }>()
  const recover = useMutation({
    mutationFn: async ({ password }: { readonly password: string }) => {
      const { email } = await api.recovery.use({ token, password })
      writeTabToken(null)
      await signInByPassword(email, password)
    },
    onSuccess: () => enter(),
  })
  useFormFaults(form, recover.error)
  return (
    <Form<{ password: string }> form={form} layout="vertical" requiredMark={false} onFinish={(values) => recover.mutate(values)}>
      <p className="muted">{t('signIn.recoveryIntro')}</p>
      <ProblemNotice error={recover.error} />
      <NewPasswordField />
      <Button type="primary" htmlType="submit" block loading={recover.isPending}>
        {t('signIn.recover')}
      </Button>
    </Form>
  )
}
