/**
 * The DNS providers that put validation records in place by themselves.
 *
 * @module
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { Action } from '../../components/action.tsx'
import { ConnectionDrawer, type ConnectionValues } from '../../components/adapter-form/connection-drawer.tsx'
import { useAdapterTexts } from '../../components/adapter-form/use-adapter-texts.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { RecordPage } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import type { Said } from '../../components/said.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'

const MAX_NAME = 64

interface DnsConnection {
  readonly id: string
  readonly name: string
  readonly kind: string
}

export function DnsConnectionsPage() {
  const { t } = useTranslation()
  const editing = useEditing<DnsConnection>()
  const connections = useQuery({ queryKey: keys.dnsConnections, queryFn: () => api.dnsConnections.list() })
  return (
    <RecordPage
      title={t('dnsConnections.title')}
      intro={t('dnsConnections.intro')}
      actions={
        <AllowedButton
          operation="dnsConnections.create"
          label={t('dnsConnections.connect')}
          type="primary"
          onClick={() => editing.open(null)}
        />
      }
      done={editing.done}
      doneNext={t('dnsConnections.nextUse')}
      query={connections}
      columns={useColumns(editing.open)}
      rowKey={({ id }) => id}
      empty={{ title: t('dnsConnections.emptyTitle'), text: t('dnsConnections.emptyText') }}
    >
      <DnsConnectionDrawer key={editing.key} connection={editing.row} {...editing.drawer} />
    </RecordPage>
  )
}

function useColumns(onChange: (connection: DnsConnection) => void): readonly Column<DnsConnection>[] {
  const { t } = useTranslation()
  const texts = useAdapterTexts('dns')
  const lacking = useLacking('dnsConnections.update')
  return [
    {
      key: 'name',
      title: t('dnsConnections.name'),
      render: ({ id, name }) => (
        <>
          <div className="record-name">{name}</div>
          <div className="muted mono break">{id}</div>
        </>
      ),
    },
    { key: 'kind', title: t('fields.kind'), render: ({ kind }) => texts.titleOf({ id: kind, title: kind }) },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (connection) => (
        <>
          <Action label={t('fields.edit')} of={connection.name} reason={lacking} onClick={() => onChange(connection)} />
          <ConfirmedAction
            label={t('fields.remove')}
            of={connection.name}
            reason={lacking}
            title={t('dnsConnections.removeTitle', { name: connection.name })}
            text={t('dnsConnections.removeText')}
            act={() => api.dnsConnections.remove({ id: connection.id })}
            changes={keys.dnsConnections}
          />
        </>
      ),
    },
  ]
}

interface Own {
  readonly name: string
}

interface DnsConnectionDrawerProps {
  /** Null: a new one. */
  readonly connection: DnsConnection | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

function DnsConnectionDrawer({ connection, isOpen, onClose, onDone }: DnsConnectionDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: ({ name, kind, config }: ConnectionValues<Own>): Promise<DnsConnection> =>
      connection === null
        ? api.dnsConnections.create({ name, kind, config: config ?? {} })
        : api.dnsConnections.update({ id: connection.id, name, ...(config !== null && { config }) }),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: keys.dnsConnections })
      onDone((t) => t(connection === null ? 'dnsConnections.connected' : 'dnsConnections.changed', { name }))
    },
  })
  const adding = {
    title: t('dnsConnections.connect'),
    intro: t('dnsConnections.connectIntro'),
    submit: t('dnsConnections.connect'),
  }
  return (
    <ConnectionDrawer<Own>
      port="dns"
      {...(connection === null
        ? adding
        : {
            title: t('dnsConnections.changeOf', { name: connection.name }),
            intro: t('dnsConnections.changeIntro'),
            submit: t('fields.save'),
            existing: { kind: connection.kind, loadSettings: () => api.dnsConnections.get({ id: connection.id }) },
            initialValues: { name: connection.name },
          })}
      isOpen={isOpen}
      isPending={save.isPending}
      error={save.error}
      onSubmit={(values) => save.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="name"
        label={t('dnsConnections.name')}
        extra={t('dnsConnections.nameHelp')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={MAX_NAME} autoComplete="off" />
      </Form.Item>
    </ConnectionDrawer>
  )
}
