/**
 * `/welcome#token=…`, the link that the service prints while nobody exists: makes the operator of the installation, and signs in.
 *
 * @module
 */
import { useMutation } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { signInByPassword } from '../../api/sign-in.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { useFormFaults } from '../../components/form-faults.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { currentLanguage } from '../../i18n/i18n.ts'
import { LinkPage } from '../sign-in/link-page.tsx'
import { NameField, NewPasswordField } from '../sign-in/new-user-fields.tsx'
import { useEnter } from '../sign-in/use-enter.ts'

interface Values {
  readonly name: string
  readonly email: string
  readonly password: string
}

export function WelcomePage() {
  const { t } = useTranslation()
  return <LinkPage title={t('signIn.welcomeTitle')}>{(token) => <WelcomeForm token={token} />}</LinkPage>
}

function WelcomeForm({ token }: { readonly token: string }) {
  const { t } = useTranslation()
  const enter = useEnter()
  const [form] = Form.useForm<Values>()
  const create = useMutation({
    mutationFn: async ({ name, email, password }: Values) => {
      const request = { token, name: name.trim(), email: email.trim(), password, language: currentLanguage() }
      await api.firstOperator.create(request)
      writeTabToken(null)
      await signInByPassword(request.email, password)
    },
    onSuccess: () => enter(),
  })
  useFormFaults(form, create.error)
  return (
    <Form<Values> form={form} layout="vertical" requiredMark={false} onFinish={(values) => create.mutate(values)}>
      <p className="muted">{t('signIn.welcomeIntro')}</p>
      <ProblemNotice error={create.error} />
      <NameField />
      <Form.Item
        name="email"
        label={t('signIn.email')}
        rules={[{ required: true, type: 'email', message: t('signIn.emailMissing') }]}
      >
        <Input type="email" autoComplete="username" maxLength={254} />
      </Form.Item>
      <NewPasswordField />
      <Button type="primary" htmlType="submit" block loading={create.isPending}>
        {t('signIn.createOperator')}
      </Button>
    </Form>
  )
}
