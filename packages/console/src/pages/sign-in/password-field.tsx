/**
 * The password of a user who has one, asked for at the sign-in and when an invitation is accepted.
 *
 * @module
 */
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'

/** Of a form with `password`. */
export function PasswordField() {
  const { t } = useTranslation()
  return (
    <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: t('signIn.passwordMissing') }]}>
      <Input.Password autoComplete="current-password" maxLength={128} />
    </Form.Item>
  )
}
