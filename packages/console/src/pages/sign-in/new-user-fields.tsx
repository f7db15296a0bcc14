/**
 * The fields of who becomes a user.
 *
 * @module
 */
import { MIN_PASSWORD_LENGTH } from '@evercert/contract'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'

export function NameField() {
  const { t } = useTranslation()
  return (
    <Form.Item
      name="name"
      label={t('signIn.name')}
      rules={[{ required: true, whitespace: true, message: t('signIn.nameMissing') }]}
    >
      <Input autoComplete="name" maxLength={64} />
    </Form.Item>
  )
}

export function NewPasswordField() {
  const { t } = useTranslation()
  return (
    <Form.Item
      name="password"
      label={t('signIn.password')}
      extra={t('signIn.passwordHelp', { count: MIN_PASSWORD_LENGTH })}
      rules={[
        { required: true, message: t('signIn.passwordMissing') },
        { min: MIN_PASSWORD_LENGTH, message: t('signIn.passwordShort') },
      ]}
    >
      <Input.Password autoComplete="new-password" maxLength={128} />
    </Form.Item>
  )
}
