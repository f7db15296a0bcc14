/**
 * The certificate authorities that are connected; the operator connects further ones.
 *
 * @module
 */
import type { IssuerView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { ConnectionDrawer, type ConnectionValues } from '../../components/adapter-form/connection-drawer.tsx'
import { useAdapterTexts } from '../../components/adapter-form/use-adapter-texts.ts'
import { IdField } from '../../components/id-field.tsx'
import { RecordPage } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import { useEditing } from '../../components/use-editing.ts'

const MAX_TITLE = 64
const PEM_ROWS = 5

export function IssuersPage() {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const editing = useEditing<IssuerView>()
  const issuers = useQuery({ queryKey: keys.issuers, queryFn: () => api.issuers.list() })
  return (
    <RecordPage
      title={t('issuers.title')}
      intro={t('issuers.intro')}
      actions={
        isOperator && (
          <Button type="primary" onClick={() => editing.open(null)}>
            {t('issuers.connect')}
          </Button>
        )
      }
      done={editing.done}
      doneNext={t('issuers.nextProducts')}
      query={issuers}
      columns={useColumns()}
      rowKey={({ id }) => id}
      empty={{ title: t('issuers.emptyTitle'), text: t('issuers.emptyText') }}
    >
      <IssuerDrawer key={editing.key} {...editing.drawer} />
    </RecordPage>
  )
}

function useColumns(): readonly Column<IssuerView>[] {
  const { t } = useTranslation()
  const texts = useAdapterTexts('ca')
  return [
    {
      key: 'issuer',
      title: t('issuers.issuer'),
      render: ({ id, title }) => (
        <>
          <div className="record-name">{title}</div>
          <div className="muted mono">{id}</div>
        </>
      ),
    },
    { key: 'kind', title: t('fields.kind'), render: ({ kind }) => texts.titleOf({ id: kind, title: kind }) },
    { key: 'rule', title: t('issuers.validityRule'), render: ({ validityRule }) => t(`issuers.rules.${validityRule}`) },
    {
      key: 'root',
      title: t('issuers.root'),
      render: ({ rootPem }) =>
        rootPem === null ? (
          t('issuers.systemRoots')
        ) : (
          <details>
            <summary>{t('issuers.ownRoot')}</summary>
            <pre className="mono keep-lines">{rootPem}</pre>
          </details>
        ),
    },
  ]
}

interface Own {
  readonly id: string
  readonly title: string
  readonly rootPem?: string
}

interface IssuerDrawerProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: string) => void
}

function IssuerDrawer({ isOpen, onClose, onDone }: IssuerDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const connect = useMutation({
    mutationFn: ({ id, title, kind, config, rootPem = '' }: ConnectionValues<Own>) =>
      api.issuers.create({ id, title, kind, config: config ?? {}, ...(rootPem.trim() !== '' && { rootPem }) }),
    onSuccess: async ({ title }) => {
      await queries.invalidateQueries({ queryKey: keys.issuers })
      onDone(t('issuers.connected', { title }))
    },
  })
  return (
    <ConnectionDrawer<Own>
      port="ca"
      title={t('issuers.connect')}
      intro={t('issuers.connectIntro')}
      submit={t('issuers.connect')}
      isOpen={isOpen}
      isPending={connect.isPending}
      error={connect.error}
      onSubmit={(values) => connect.mutate(values)}
      onClose={onClose}
      after={
        <Form.Item name="rootPem" label={t('issuers.rootPem')} extra={t('issuers.rootPemHelp')}>
          <Input.TextArea rows={PEM_ROWS} className="mono" spellCheck={false} placeholder="-----BEGIN CERTIFICATE-----" />
        </Form.Item>
      }
    >
      <Form.Item
        name="title"
        label={t('issuers.name')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={MAX_TITLE} autoComplete="off" />
      </Form.Item>
      <IdField />
    </ConnectionDrawer>
  )
}
