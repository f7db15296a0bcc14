/**
 * Another name for a certificate.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'

export interface CertificateFormProps {
  readonly certificate: CertificateDetail
  readonly isOpen: boolean
  readonly onClose: () => void
}

const MAX_NAME = 64

export function RenameDrawer({ certificate: { id, name }, isOpen, onClose }: CertificateFormProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<{ readonly name: string }>()
  const queries = useQueryClient()
  const rename = useMutation({
    mutationFn: (values: { readonly name: string }) => api.certificates.rename({ id, name: values.name }),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  return (
    <FormDrawer
      form={form}
      title={t('life.rename')}
      intro={t('life.renameIntro')}
      submit={t('life.rename')}
      isOpen={isOpen}
      isPending={rename.isPending}
      error={rename.error}
      initialValues={{ name }}
      onSubmit={(values) => rename.mutate(values)}
      onClose={onClose}
    >
      <Form.Item name="name" label={t('life.name')} rules={[{ required: true, whitespace: true, message: t('fields.required') }]}>
        <Input maxLength={MAX_NAME} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  )
}
