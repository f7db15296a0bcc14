/**
 * The password that somebody has now, asked for before what a stolen session must not do.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { ProblemNotice } from '../../components/problem-notice.tsx'

const isWrong = (error: unknown): boolean => error instanceof ApiProblem && error.problem.code === 'signInRefused'

/** Its field `password`; a wrong one is said beside it. */
export function PresentPassword({ error }: { readonly error: unknown }) {
  const { t } = useTranslation()
  return (
    <Form.Item
      name="password"
      label={t('security.presentPassword')}
      rules={[{ required: true, message: t('signIn.passwordMissing') }]}
      {...(isWrong(error) && { validateStatus: 'error' as const, help: t('security.wrongPassword') })}
    >
      <Input.Password autoComplete="current-password" maxLength={128} />
    </Form.Item>
  )
}

/** Every other failure. */
export function OtherProblem({ error }: { readonly error: unknown }) {
  return isWrong(error) ? null : <ProblemNotice error={error} />
}

/** Whose password it is, for password managers. */
export function OwnName({ email }: { readonly email: string }) {
  return <input type="text" autoComplete="username" value={email} readOnly hidden />
}
