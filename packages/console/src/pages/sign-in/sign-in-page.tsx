/**
 * Signing in, and back to where one was: by e-mail and password, with a second factor where there is one; or by an API token.
 *
 * @module
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useSearchParams } from 'wouter'
import { createClientWith } from '../../api/client.ts'
import { enterSecondFactor, signInByPassword } from '../../api/sign-in.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { OtherWays } from './other-ways.tsx'
import { SignInFrame } from './sign-in-frame.tsx'
import { SingleSignOnFault } from './single-sign-on-fault.tsx'

/** Only a path of our own: a link that signs people in must not lead them to another site. */
function placeOf(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : '/'
}

type Way = 'password' | 'secondFactor' | 'token'

export function SignInPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const [, go] = useLocation()
  const queries = useQueryClient()
  // Back from a provider whose second factor does not count here.
  const [way, setWay] = useState<Way>(params.get('step') === 'secondFactor' ? 'secondFactor' : 'password')
  const enter = (): void => {
    queries.clear()
    go(placeOf(params.get('next')), { replace: true })
  }
  return (
    <SignInFrame title={t('signIn.title')}>
      <SingleSignOnFault fault={params.get('fault')} />
      {way === 'password' && <PasswordForm onEntered={enter} onSecondFactor={() => setWay('secondFactor')} />}
      {way === 'secondFactor' && <SecondFactorForm onEntered={enter} />}
      {way === 'token' && <TokenForm onEntered={enter} />}
      {way === 'password' && <OtherWays next={placeOf(params.get('next'))} onEntered={enter} />}
      <Button type="link" block className="other-way" onClick={() => setWay(way === 'password' ? 'token' : 'password')}>
        {way === 'password' ? t('signIn.byToken') : t('signIn.byPassword')}
      </Button>
    </SignInFrame>
  )
}

interface WayProps {
  readonly onEntered: () => void
}

function PasswordForm({ onEntered, onSecondFactor }: WayProps & { readonly onSecondFactor: () => void }) {
  const { t } = useTranslation()
  const signIn = useMutation({
    mutationFn: ({ email, password }: { readonly email: string; readonly password: string }) =>
      signInByPassword(email.trim(), password),
    onSuccess: (next) => {
      writeTabToken(null)
      if (next === 'secondFactor') onSecondFactor()
      else onEntered()
    },
  })
  return (
    <Form<{ email: string; password: string }>
      layout="vertical"
      requiredMark={false}
      onFinish={(values) => signIn.mutate(values)}
    >
      <ProblemNotice error={signIn.error} />
      <Form.Item name="email" label={t('signIn.email')} rules={[{ required: true, message: t('signIn.emailMissing') }]}>
        <Input type="email" autoComplete="username" maxLength={254} />
      </Form.Item>
      <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: t('signIn.passwordMissing') }]}>
        <Input.Password autoComplete="current-password" maxLength={128} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={signIn.isPending}>
        {t('signIn.submit')}
      </Button>
    </Form>
  )
}

function SecondFactorForm({ onEntered }: WayProps) {
  const { t } = useTranslation()
  const verify = useMutation({
    mutationFn: ({ code }: { readonly code: string }) => enterSecondFactor(code),
    onSuccess: onEntered,
  })
  return (
    <Form<{ code: string }> layout="vertical" requiredMark={false} onFinish={(values) => verify.mutate(values)}>
      <ProblemNotice error={verify.error} />
      <Form.Item
        name="code"
        label={t('signIn.code')}
        extra={t('signIn.codeHelp')}
        rules={[{ required: true, whitespace: true, message: t('signIn.codeMissing') }]}
      >
        <Input autoComplete="one-time-code" maxLength={64} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={verify.isPending}>
        {t('signIn.submit')}
      </Button>
    </Form>
  )
}

function TokenForm({ onEntered }: WayProps) {
  const { t } = useTranslation()
  const signIn = useMutation({
    mutationFn: async ({ token }: { readonly token: string }) => {
      await createClientWith(token.trim()).me.get()
      return token.trim()
    },
    onSuccess: (token) => {
      writeTabToken(token)
      onEntered()
    },
  })
  return (
    <Form<{ token: string }> layout="vertical" requiredMark={false} onFinish={(values) => signIn.mutate(values)}>
      <ProblemNotice error={signIn.error} />
      <Form.Item
        name="token"
        label={t('signIn.token')}
        extra={t('signIn.tokenHelp')}
        rules={[{ required: true, whitespace: true, message: t('signIn.tokenMissing') }]}
      >
        <Input.Password autoComplete="off" maxLength={512} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={signIn.isPending}>
        {t('signIn.submit')}
      </Button>
    </Form>
  )
}
