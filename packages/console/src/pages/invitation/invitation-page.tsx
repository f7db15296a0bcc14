/**
 * `/invitation#token=…`: whoever is new becomes a user and a member; a user signs in and joins.
 *
 * @module
 */
import { useMutation, useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { enterSecondFactor, signInByPassword } from '../../api/sign-in.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { Loading } from '../../components/loading.tsx'
import { useFormFaults } from '../../components/form-faults.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { currentLanguage } from '../../i18n/i18n.ts'
import { LinkPage } from '../sign-in/link-page.tsx'
import { NameField, NewPasswordField } from '../sign-in/new-user-fields.tsx'
import { PasswordField } from '../sign-in/password-field.tsx'
import { SecondFactorField } from '../sign-in/second-factor-field.tsx'
import { useEnter } from '../sign-in/use-enter.ts'

export function InvitationPage() {
  const { t } = useTranslation()
  return <LinkPage title={t('signIn.invitationTitle')}>{(token) => <Invitation token={token} />}</LinkPage>
}

interface TokenProps {
  readonly token: string
}

function Invitation({ token }: TokenProps) {
  const { t } = useTranslation()
  const invitation = useQuery({
    queryKey: keys.invitation(token),
    queryFn: () => api.invitations.inspect({ token }),
    staleTime: Infinity,
    retry: false,
  })
  if (invitation.isPending) return <Loading />
  if (invitation.data === undefined) return <ProblemNotice error={invitation.error} onRetry={() => void invitation.refetch()} />
  const { email, role, accountName, isUser } = invitation.data
  return (
    <>
      <p className="muted">{t('signIn.invitationIntro', { account: accountName, role: t(`terms.role.${role}`) })}</p>
      {isUser ? <JoinForm token={token} email={email} /> : <AcceptForm token={token} email={email} />}
    </>
  )
}

interface FormProps extends TokenProps {
  readonly email: string
}

function AcceptForm({ token, email }: FormProps) {
  const { t } = useTranslation()
  const enter = useEnter()
  const [form] = Form.useForm<{ name: string; password: string }>()
  const accept = useMutation({
    mutationFn: async ({ name, password }: { readonly name: string; readonly password: string }) => {
      await api.invitations.accept({ token, password, name: name.trim(), language: currentLanguage() })
      writeTabToken(null)
      await signInByPassword(email, password)
    },
    onSuccess: () => enter(),
  })
  useFormFaults(form, accept.error)
  return (
    <Form<{ name: string; password: string }>
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={(values) => accept.mutate(values)}
    >
      <ProblemNotice error={accept.error} />
      <EmailField email={email} />
      <NameField />
      <NewPasswordField />
      <Button type="primary" htmlType="submit" block loading={accept.isPending}>
        {t('signIn.accept')}
      </Button>
    </Form>
  )
}

/** Joining needs a session of the invited user: the password, then the second factor where there is one. */
function JoinForm({ token, email }: FormProps) {
  const { t } = useTranslation()
  const enter = useEnter()
  const [wantsCode, setWantsCode] = useState(false)
  const join = useMutation({
    mutationFn: async ({ password = '', code = '' }: { readonly password?: string; readonly code?: string }) => {
      writeTabToken(null)
      if (wantsCode) await enterSecondFactor(code)
      else if ((await signInByPassword(email, password)) === 'secondFactor') return 'secondFactor' as const
      await api.invitations.join({ token })
      return 'joined' as const
    },
    onSuccess: (next) => (next === 'joined' ? enter() : setWantsCode(true)),
  })
  return (
    <Form<{ password?: string; code?: string }> layout="vertical" requiredMark={false} onFinish={(values) => join.mutate(values)}>
      <ProblemNotice error={join.error} />
      <EmailField email={email} />
      {wantsCode ? <SecondFactorField /> : <PasswordField />}
      <Button type="primary" htmlType="submit" block loading={join.isPending}>
        {t('signIn.join')}
      </Button>
    </Form>
  )
}

function EmailField({ email }: { readonly email: string }) {
  const { t } = useTranslation()
  return (
    <Form.Item label={t('signIn.email')}>
      <Input aria-label={t('signIn.email')} type="email" autoComplete="username" value={email} readOnly />
    </Form.Item>
  )
}
