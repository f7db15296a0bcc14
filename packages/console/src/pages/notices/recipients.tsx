/**
 * Who gets the mails.
 *
 * @module
 */
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'

const MAX_RECIPIENTS = 10

export function Recipients() {
  const { t } = useTranslation()
  return (
    <Form.Item label={t('notices.recipients')} extra={t('notices.recipientsHelp')}>
      <Form.List name="recipients">
        {(fields, { add, remove }) => (
          <>
            {fields.map(({ key, name }) => (
              <div key={key} className="recipient">
                <Form.Item
                  name={[name, 'name']}
                  label={t('notices.recipientName')}
                  rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
                >
                  <Input maxLength={64} autoComplete="off" />
                </Form.Item>
                <Form.Item
                  name={[name, 'email']}
                  label={t('notices.recipientEmail')}
                  rules={[{ required: true, type: 'email', message: t('fields.badEmail') }]}
                >
                  <Input type="email" maxLength={254} autoComplete="off" />
                </Form.Item>
                <Button onClick={() => remove(name)}>{t('notices.removeRecipient')}</Button>
              </div>
            ))}
            {fields.length < MAX_RECIPIENTS && (
              <Button onClick={() => add({ name: '', email: '' })}>{t('notices.addRecipient')}</Button>
            )}
          </>
        )}
      </Form.List>
    </Form.Item>
  )
}
