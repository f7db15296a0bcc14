/**
 * Giving a passkey another name.
 *
 * @module
 */
import type { PasskeyView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import type { Editing } from '../../components/use-editing.ts'
import { PasskeyNameField } from './passkey-name-field.tsx'

export function RenamePasskey({ editing }: { readonly editing: Editing<PasskeyView> }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<{ name: string }>()
  const queries = useQueryClient()
  const rename = useMutation({
    mutationFn: ({ name }: { readonly name: string }) => api.passkeys.rename({ id: editing.row?.id ?? '', name }),
    onSuccess: async () => {
      editing.close()
      await queries.invalidateQueries({ queryKey: keys.passkeys })
    },
  })
  return (
    <FormDrawer<{ name: string }>
      form={form}
      title={t('passkeys.renameTitle')}
      submit={t('passkeys.rename')}
      isOpen={editing.isOpen}
      isPending={rename.isPending}
      error={rename.error}
      initialValues={{ name: editing.row?.name ?? '' }}
      onSubmit={(values) => rename.mutate(values)}
      onClose={editing.close}
    >
      <PasskeyNameField />
    </FormDrawer>
  )
}
