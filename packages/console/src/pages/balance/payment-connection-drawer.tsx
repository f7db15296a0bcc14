/**
 * Connecting a payment provider, or changing such a connection.
 *
 * @module
 */
import type { PaymentConnectionView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConnectionDrawer, type ConnectionValues } from '../../components/adapter-form/connection-drawer.tsx'
import { IdField } from '../../components/id-field.tsx'
import type { Said } from '../../components/said.tsx'

interface Own {
  readonly id?: string
  readonly title: string
}

interface PaymentConnectionDrawerProps {
  /** Null: a new one. */
  readonly connection: PaymentConnectionView | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

export function PaymentConnectionDrawer({ connection, isOpen, onClose, onDone }: PaymentConnectionDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: ({ id, title, kind, config }: ConnectionValues<Own>) =>
      connection === null
        ? api.paymentConnections.create({ id: id ?? '', title, kind, config: config ?? {} })
        : api.paymentConnections.update({ id: connection.id, title, ...(config !== null && { config }) }),
    onSuccess: async ({ title }) => {
      await queries.invalidateQueries({ queryKey: keys.paymentConnections })
      onDone((t) => t(connection === null ? 'balance.connected' : 'balance.changed', { title }))
    },
  })
  return (
    <ConnectionDrawer<Own>
      port="payment"
      title={connection === null ? t('balance.connect') : t('balance.changeConnection', { title: connection.title })}
      intro={connection === null ? t('balance.connectIntro') : t('balance.changeIntro')}
      submit={connection === null ? t('balance.connect') : t('fields.save')}
      isOpen={isOpen}
      isPending={save.isPending}
      error={save.error}
      {...(connection !== null && {
        existing: { kind: connection.kind, loadSettings: () => api.paymentConnections.get({ id: connection.id }) },
        initialValues: { title: connection.title },
      })}
      onSubmit={(values) => save.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="title"
        label={t('balance.connectionTitle')}
        extra={t('balance.connectionTitleHelp')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={64} autoComplete="off" />
      </Form.Item>
      {connection === null && <IdField />}
    </ConnectionDrawer>
  )
}
