/**
 * The certificate authorities that are connected; the operator connects further ones, changes and retires them.
 *
 * @module
 */
import type { IssuerView } from '@evercert/contract'
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
import { AllowedButton } from '../../components/allowed-button.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { IdField } from '../../components/id-field.tsx'
import { issuerTitle } from '../../components/issuer-title.ts'
import { RecordPage } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import type { Said } from '../../components/said.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'

const MAX_TITLE = 64
const PEM_ROWS = 5

export function IssuersPage() {
  const { t } = useTranslation()
  const editing = useEditing<IssuerView>()
  const issuers = useQuery({ queryKey: keys.issuers, queryFn: () => api.issuers.list() })
  return (
    <RecordPage
      title={t('issuers.title')}
      intro={t('issuers.intro')}
      actions={
        <AllowedButton
          operation="issuers.create"
          label={t('issuers.connect')}
          type="primary"
          onClick={() => editing.open(null)}
        />
      }
      done={editing.done}
      {...(editing.row === null && { doneNext: t('issuers.nextProducts') })}
      query={issuers}
      columns={useColumns(editing.open)}
      rowKey={({ id }) => id}
      empty={{ title: t('issuers.emptyTitle'), text: t('issuers.emptyText') }}
    >
      <IssuerDrawer key={editing.key} issuer={editing.row} {...editing.drawer} />
    </RecordPage>
  )
}

function useColumns(onChange: (issuer: IssuerView) => void): readonly Column<IssuerView>[] {
  const { t } = useTranslation()
  const texts = useAdapterTexts('ca')
  const lacking = useLacking('issuers.update')
  return [
    {
      key: 'issuer',
      title: t('issuers.issuer'),
      render: ({ id, title }) => (
        <>
          <div className="record-name">{issuerTitle(title)}</div>
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
    {
      key: 'state',
      title: t('issuers.state'),
      render: ({ retiredAt }) => (
        <Mark tone={retiredAt === null ? 'good' : 'ended'}>
          {retiredAt === null ? t('issuers.taking') : t('issuers.retired')}
        </Mark>
      ),
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (issuer) => (
        <>
          <Action label={t('fields.edit')} of={issuerTitle(issuer.title)} reason={lacking} onClick={() => onChange(issuer)} />
          <Retiring issuer={issuer} />
        </>
      ),
    },
  ]
}

/** Retires one that takes orders, restores one that is retired. */
function Retiring({ issuer: { id, title, retiredAt } }: { readonly issuer: IssuerView }) {
  const { t } = useTranslation()
  const lacking = useLacking('issuers.retire')
  const queries = useQueryClient()
  const isTaking = retiredAt === null
  const act = async (): Promise<void> => {
    await (isTaking ? api.issuers.retire({ id }) : api.issuers.restore({ id }))
    await queries.invalidateQueries({ queryKey: keys.products }) // they say whether their issuer is retired
  }
  return (
    <ConfirmedAction
      label={isTaking ? t('issuers.retire') : t('issuers.restore')}
      of={issuerTitle(title)}
      reason={lacking}
      isDangerous={isTaking}
      title={t(isTaking ? 'issuers.retireTitle' : 'issuers.restoreTitle', { title: issuerTitle(title) })}
      text={isTaking ? t('issuers.retireText') : t('issuers.restoreText')}
      act={act}
      changes={keys.issuers}
    />
  )
}

interface Own {
  readonly id?: string
  readonly title: string
  readonly rootPem?: string
}

interface IssuerDrawerProps {
  /** Null: a new one. */
  readonly issuer: IssuerView | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

/** What is not different is not sent: the service writes the built-in CA's own settings and root itself. */
function change({ id, rootPem: before }: IssuerView, { title, config, rootPem = '' }: ConnectionValues<Own>) {
  const wanted = rootPem.trim() === '' ? null : rootPem
  return api.issuers.update({
    id,
    title,
    ...(config !== null && { config }),
    ...(wanted?.trim() !== before?.trim() && { rootPem: wanted }),
  })
}

function IssuerDrawer({ issuer, isOpen, onClose, onDone }: IssuerDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: (values: ConnectionValues<Own>): Promise<IssuerView> => {
      if (issuer !== null) return change(issuer, values)
      const { id = '', title, kind, config, rootPem = '' } = values
      return api.issuers.create({ id, title, kind, config: config ?? {}, ...(rootPem.trim() !== '' && { rootPem }) })
    },
    onSuccess: async ({ title }) => {
      await queries.invalidateQueries({ queryKey: keys.issuers })
      onDone((t) => t(issuer === null ? 'issuers.connected' : 'issuers.changed', { title: issuerTitle(title) }))
    },
  })
  const adding = { title: t('issuers.connect'), intro: t('issuers.connectIntro'), submit: t('issuers.connect') }
  return (
    <ConnectionDrawer<Own>
      port="ca"
      {...(issuer === null
        ? adding
        : {
            title: t('issuers.changeOf', { title: issuerTitle(issuer.title) }),
            intro: t('issuers.changeIntro'),
            submit: t('fields.save'),
            existing: { kind: issuer.kind, loadSettings: () => api.issuers.get({ id: issuer.id }) },
            initialValues: { title: issuer.title, rootPem: issuer.rootPem ?? '' },
          })}
      isOpen={isOpen}
      isPending={save.isPending}
      error={save.error}
      onSubmit={(values) => save.mutate(values)}
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
      {issuer === null && <IdField />}
    </ConnectionDrawer>
  )
}
