/**
 * What something is called in both languages, as fields of a form.
 *
 * @module
 */
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'

/** Values: `title.zh`, `title.en`. @param maxLength as the contract has it */
export function TitleFields({ maxLength }: { readonly maxLength: number }) {
  const { t } = useTranslation()
  const rules = [{ required: true, whitespace: true, message: t('fields.required') }]
  return (
    <>
      <Form.Item name={['title', 'zh']} label={t('fields.titleZh')} rules={rules}>
        <Input maxLength={maxLength} lang="zh-CN" autoComplete="off" />
      </Form.Item>
      <Form.Item name={['title', 'en']} label={t('fields.titleEn')} rules={rules}>
        <Input maxLength={maxLength} lang="en" autoComplete="off" />
      </Form.Item>
    </>
  )
}
