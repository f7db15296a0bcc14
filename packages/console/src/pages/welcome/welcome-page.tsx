/**
 * `/welcome#token=…`, the link that the service prints while nobody exists: makes the operator of the installation, and signs in.
 *
 * @module
 */
import { MIN_PASSWORD_LENGTH } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import { signInByPassword } from '../../api/sign-in.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { currentLanguage } from '../../i18n/i18n.ts'
import { SignInFrame } from '../sign-in/sign-in-frame.tsx'

interface Values {
  readonly name: string
  readonly email: string
  readonly password: string
}

/** What stands after `#token=`; it never reaches a server's log, and leaves the address bar at once. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null) history.replaceState(history.state, '', location.pathname)
  return token
}

export function WelcomePage() {
  const { t } = useTranslation()
  const [token] = useState(takeToken)
  return (
    <SignInFrame title={t('signIn.welcomeTitle')}>
      {token === null ? (
        <>
          <Alert type="warning" showIcon title={t('signIn.linkMissing')} description={t('signIn.linkMissingHelp')} />
          <p>
            <Link href="/sign-in">{t('signIn.submit')}</Link>
          </p>
        </>
      ) : (
        <WelcomeForm token={token} />
      )}
    </SignInFrame>
  )
}

function WelcomeForm({ token }: { readonly token: string }) {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const create = useMutation({
    mutationFn: async ({ name, email, password }: Values) => {
      const request = { token, name: name.trim(), email: email.trim(), password, language: currentLanguage() }
      await api.firstOperator.create(request)
      writeTabToken(null)
      await signInByPassword(request.email, password)
    },
    onSuccess: () => {
      queries.clear()
      go('/', { replace: true })
    },
  })
  return (
    <Form<Values> layout="vertical" requiredMark={false} onFinish={(values) => create.mutate(values)}>
      <p className="muted">{t('signIn.welcomeIntro')}</p>
      <ProblemNotice error={create.error} />
      <Form.Item
        name="name"
        label={t('signIn.name')}
        rules={[{ required: true, whitespace: true, message: t('signIn.nameMissing') }]}
      >
        <Input autoComplete="name" maxLength={64} />
      </Form.Item>
      <Form.Item
        name="email"
        label={t('signIn.email')}
        rules={[{ required: true, type: 'email', message: t('signIn.emailMissing') }]}
      >
        <Input type="email" autoComplete="username" maxLength={254} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t('signIn.password')}
        extra={t('signIn.passwordHelp', { count: MIN_PASSWORD_LENGTH })}
        rules={[{ required: true, min: MIN_PASSWORD_LENGTH, message: t('signIn.passwordHelp', { count: MIN_PASSWORD_LENGTH }) }]}
      >
        <Input.Password autoComplete="new-password" maxLength={128} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={create.isPending}>
        {t('signIn.createOperator')}
      </Button>
    </Form>
  )
}
