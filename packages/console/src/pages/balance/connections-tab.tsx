/**
 * The ways to pay besides the balance; the operator connects, changes and stops them.
 *
 * @module
 */
import type { PaymentConnectionView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { Action } from '../../components/action.tsx'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useAdapterTexts } from '../../components/adapter-form/use-adapter-texts.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { RecordPanel } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { PaymentConnectionDrawer } from './payment-connection-drawer.tsx'

export function ConnectionsTab() {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const editing = useEditing<PaymentConnectionView>()
  const connections = useQuery({ queryKey: keys.paymentConnections, queryFn: () => api.paymentConnections.list() })
  return (
    <>
      <RecordPanel
        label={t('balance.connections')}
        query={connections}
        columns={useColumns(editing.open)}
        rowKey={({ id }) => id}
        empty={{
          title: t('balance.noConnectionsTitle'),
          text: isOperator ? t('balance.noConnectionsOperator') : t('balance.noConnectionsText'),
        }}
      >
        <p className="muted">{t('balance.connectionsIntro')}</p>
        <DoneNotice title={editing.done} />
        <div className="panel-actions">
          <AllowedButton
            operation="paymentConnections.create"
            label={t('balance.connect')}
            type="primary"
            onClick={() => editing.open(null)}
          />
        </div>
      </RecordPanel>
      <PaymentConnectionDrawer key={editing.key} connection={editing.row} {...editing.drawer} />
    </>
  )
}

function useColumns(onEdit: (connection: PaymentConnectionView) => void): readonly Column<PaymentConnectionView>[] {
  const { t } = useTranslation()
  const texts = useAdapterTexts('payment')
  const lacking = useLacking('paymentConnections.update')
  return [
    {
      key: 'title',
      title: t('balance.connection'),
      render: ({ id, title }) => (
        <>
          <div className="record-name">{title}</div>
          <div className="muted mono">{id}</div>
        </>
      ),
    },
    { key: 'kind', title: t('fields.kind'), render: ({ kind }) => texts.titleOf({ id: kind, title: kind }) },
    {
      key: 'state',
      title: t('orders.state'),
      render: ({ enabled }) => (
        <Mark tone={enabled ? 'good' : 'ended'}>{enabled ? t('balance.enabled') : t('balance.disabled')}</Mark>
      ),
    },
    {
      key: 'callback',
      title: t('balance.callback'),
      render: ({ kind, callbackUrl }) => {
        if (kind === 'offlineInvoice') return <span className="muted">{t('balance.noCallback')}</span>
        if (callbackUrl === null) return <span className="muted">{t('balance.noPublicUrl')}</span>
        return <CopyText text={callbackUrl} what={t('balance.callback')} />
      },
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (connection) => (
        <>
          <Action label={t('fields.edit')} of={connection.title} reason={lacking} onClick={() => onEdit(connection)} />
          <Switching connection={connection} />
          <Removing connection={connection} />
        </>
      ),
    },
  ]
}

/** The service refuses it for one by which somebody paid. */
function Removing({ connection: { id, title } }: { readonly connection: PaymentConnectionView }) {
  const { t } = useTranslation()
  const lacking = useLacking('paymentConnections.remove')
  return (
    <ConfirmedAction
      label={t('fields.remove')}
      of={title}
      reason={lacking}
      title={t('balance.removeTitle', { title })}
      text={t('balance.removeText')}
      act={() => api.paymentConnections.remove({ id })}
      changes={keys.paymentConnections}
    />
  )
}

/** Stops new payments by a connection, or takes them again. */
function Switching({ connection: { id, title, enabled } }: { readonly connection: PaymentConnectionView }) {
  const { t } = useTranslation()
  const lacking = useLacking('paymentConnections.update')
  return (
    <ConfirmedAction
      label={enabled ? t('balance.disable') : t('balance.enable')}
      of={title}
      reason={lacking}
      isDangerous={enabled}
      title={t(enabled ? 'balance.disableTitle' : 'balance.enableTitle', { title })}
      text={enabled ? t('balance.disableText') : t('balance.enableText')}
      act={() => api.paymentConnections.update({ id, enabled: !enabled })}
      changes={keys.paymentConnections}
    />
  )
}
