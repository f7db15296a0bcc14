/**
 * Giving a name to an account, also from another one.
 *
 * @module
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import type { Said } from '../../components/said.tsx'
import { useAccounts } from './use-accounts.ts'

interface Values {
  readonly name: string
  readonly accountId: string
}

interface AssignDrawerProps {
  /** Null: any name. */
  readonly name: string | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

const MAX_NAME = 253

export function AssignDrawer({ name, isOpen, onClose, onDone }: AssignDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const accounts = useAccounts()
  const assign = useMutation({
    mutationFn: (values: Values) => api.names.assign({ ...values, name: values.name.trim() }),
    onSuccess: async (claim) => {
      const account = accounts.find(({ id }) => id === claim.accountId)?.name ?? claim.accountId
      onDone((t) => t('names.assignedDone', { name: claim.name, account }))
      await queries.invalidateQueries({ queryKey: keys.names })
    },
  })
  return (
    <FormDrawer<Values>
      form={form}
      title={t('names.assign')}
      intro={t('names.assignIntro')}
      submit={t('names.assign')}
      isOpen={isOpen}
      isPending={assign.isPending}
      error={assign.error}
      {...(name !== null && { initialValues: { name } })}
      onSubmit={(values) => assign.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="name"
        label={t('names.name')}
        extra={t('names.nameHelp')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={MAX_NAME} autoComplete="off" spellCheck={false} autoCapitalize="none" />
      </Form.Item>
      <Form.Item name="accountId" label={t('names.account')} rules={[{ required: true, message: t('fields.required') }]}>
        <Select
          options={accounts.map(({ id, name: label }) => ({ value: id, label }))}
          showSearch={{ optionFilterProp: 'label' }}
        />
      </Form.Item>
    </FormDrawer>
  )
}
