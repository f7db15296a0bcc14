/**
 * The ways to sign in: by e-mail and password, with a second factor where there is one; by passkey or provider; or by an API token.
 *
 * @module
 */
import { useMutation } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { createClientWith } from '../../api/client.ts'
import { enterSecondFactor, signInByPassword } from '../../api/sign-in.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { OtherWays } from './other-ways.tsx'
import { PasswordField } from './password-field.tsx'
import { SecondFactorField } from './second-factor-field.tsx'

type Way = 'password' | 'secondFactor' | 'token'

interface SignInWaysProps {
  /** A path of the console, for those who come back from a provider. */
  readonly next: string
  readonly isAtSecondFactor?: boolean
  readonly isOverPage?: boolean
  /** Of who was signed in; somebody else may come in their place. */
  readonly email?: string
  readonly onEntered: () => void
}

export function SignInWays({ next, isAtSecondFactor = false, isOverPage = false, email, onEntered }: SignInWaysProps) {
  const { t } = useTranslation()
  const [way, setWay] = useState<Way>(isAtSecondFactor ? 'secondFactor' : 'password')
  return (
    <>
      {way === 'password' && <PasswordForm email={email} onEntered={onEntered} onSecondFactor={() => setWay('secondFactor')} />}
      {way === 'secondFactor' && <SecondFactorForm onEntered={onEntered} />}
      {way === 'token' && <TokenForm onEntered={onEntered} />}
      {way === 'password' && <OtherWays next={next} isOverPage={isOverPage} onEntered={onEntered} />}
      <Button type="link" block className="other-way" onClick={() => setWay(way === 'password' ? 'token' : 'password')}>
        {way === 'password' ? t('signIn.byToken') : t('signIn.byPassword')}
      </Button>
    </>
  )
}

interface WayProps {
  readonly onEntered: () => void
}

interface PasswordFormProps extends WayProps {
  readonly email: string | undefined
  readonly onSecondFactor: () => void
}

function PasswordForm({ email: known, onEntered, onSecondFactor }: PasswordFormProps) {
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
      {...(known !== undefined && { initialValues: { email: known } })}
      onFinish={(values) => signIn.mutate(values)}
    >
      <ProblemNotice error={signIn.error} isOfSignIn />
      <Form.Item name="email" label={t('signIn.email')} rules={[{ required: true, message: t('signIn.emailMissing') }]}>
        <Input type="email" autoComplete="username" maxLength={254} />
      </Form.Item>
      <PasswordField />
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
      <ProblemNotice error={verify.error} isOfSignIn />
      <SecondFactorField />
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
      <ProblemNotice error={signIn.error} isOfSignIn />
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
