/**
 * The DNS providers that put validation records in place by themselves.
 *
 * @module
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConnectionDrawer, type ConnectionValues } from '../../components/adapter-form/connection-drawer.tsx'
import { useAdapterTexts } from '../../components/adapter-form/use-adapter-texts.ts'
import { DoneNotice } from '../../components/done-notice.tsx'
import { Loading } from '../../components/loading.tsx'
import { EmptyList } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable } from '../../components/record-table.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'

const MAX_NAME = 64

export function DnsConnectionsPage() {
  const { t } = useTranslation()
  const texts = useAdapterTexts()
  const editing = useEditing<null>()
  const [done, setDone] = useState<string | null>(null)
  const connections = useQuery({ queryKey: keys.dnsConnections, queryFn: () => api.dnsConnections.list() })
  const items = connections.data?.items ?? []
  return (
    <>
      <PageHead
        title={t('dnsConnections.title')}
        intro={t('dnsConnections.intro')}
        actions={
          <AllowedButton
            operation="dnsConnections.create"
            label={t('dnsConnections.connect')}
            type="primary"
            onClick={() => {
              setDone(null)
              editing.open(null)
            }}
          />
        }
      />
      <DoneNotice title={done}>{t('dnsConnections.nextUse')}</DoneNotice>
      <section className="panel" aria-label={t('dnsConnections.title')}>
        {connections.isPending && <Loading />}
        <ProblemNotice error={connections.error} onRetry={() => void connections.refetch()} />
        {connections.data !== undefined && items.length === 0 && (
          <EmptyList title={t('dnsConnections.emptyTitle')} text={t('dnsConnections.emptyText')} />
        )}
        {items.length > 0 && (
          <RecordTable
            label={t('dnsConnections.title')}
            columns={[
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
            ]}
            rows={items}
            rowKey={({ id }) => id}
          />
        )}
      </section>
      <DnsConnectionDrawer
        key={editing.key}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onDone={(what) => {
          editing.close()
          setDone(what)
        }}
      />
    </>
  )
}

interface Own {
  readonly name: string
}

interface DnsConnectionDrawerProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: string) => void
}

function DnsConnectionDrawer({ isOpen, onClose, onDone }: DnsConnectionDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const connect = useMutation({
    mutationFn: ({ name, kind, config }: ConnectionValues<Own>) =>
      api.dnsConnections.create({ name, kind, config: config ?? {} }),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: keys.dnsConnections })
      onDone(t('dnsConnections.connected', { name }))
    },
  })
  return (
    <ConnectionDrawer<Own>
      port="dns"
      title={t('dnsConnections.connect')}
      intro={t('dnsConnections.connectIntro')}
      submit={t('dnsConnections.connect')}
      isOpen={isOpen}
      isPending={connect.isPending}
      error={connect.error}
      onSubmit={(values) => connect.mutate(values)}
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
