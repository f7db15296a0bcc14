/**
 * The id of something that the operator names for good: part of URLs and commands.
 *
 * @module
 */
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'

const SHORT = 31

/** Value: `id`. @param maxLength as the contract has it */
export function IdField({ maxLength = SHORT }: { readonly maxLength?: number }) {
  const { t } = useTranslation()
  return (
    <Form.Item
      name="id"
      label={t('fields.id')}
      extra={t('fields.idHelp')}
      rules={[
        { required: true, message: t('fields.required') },
        { pattern: /^[a-z][a-z0-9-]*$/, message: t('fields.badId') },
      ]}
    >
      <Input maxLength={maxLength} autoComplete="off" spellCheck={false} className="mono" />
    </Form.Item>
  )
}
