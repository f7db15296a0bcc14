/**
 * The field in which a passkey is named.
 *
 * @module
 */
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'

export function PasskeyNameField() {
  const { t } = useTranslation()
  return (
    <Form.Item
      name="name"
      label={t('passkeys.name')}
      extra={t('passkeys.nameHelp')}
      rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
    >
      <Input maxLength={64} autoComplete="off" />
    </Form.Item>
  )
}
