/**
 * The code of the second factor, asked for at the sign-in.
 *
 * @module
 */
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'

/** Of a form with `code`. */
export function SecondFactorField() {
  const { t } = useTranslation()
  return (
    <Form.Item
      name="code"
      label={t('signIn.code')}
      extra={t('signIn.codeHelp')}
      rules={[{ required: true, whitespace: true, message: t('signIn.codeMissing') }]}
    >
      <Input autoComplete="one-time-code" maxLength={64} />
    </Form.Item>
  )
}
