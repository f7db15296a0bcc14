/**
 * Where notices go: added, changed, tried out and removed.
 *
 * @module
 */
import type { ChannelView } from '@evercert/contract'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { useAdapterTexts } from '../../components/adapter-form/use-adapter-texts.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordPanel } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useLacking } from '../../api/use-lacking.ts'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { ChannelDrawer } from './channel-drawer.tsx'
import './notices-page.css'

export function ChannelsTab() {
  const { t } = useTranslation()
  const editing = useEditing<ChannelView>()
  const channels = useQuery({ queryKey: keys.channels, queryFn: () => api.channels.list() })
  return (
    <>
      <RecordPanel
        label={t('notices.channels')}
        query={channels}
        columns={useColumns(editing.open)}
        rowKey={({ id }) => id}
        empty={{ title: t('notices.noChannelsTitle'), text: t('notices.noChannelsText') }}
      >
        <p className="muted">{t('notices.channelsIntro')}</p>
        <DoneNotice title={editing.done} />
        <div className="panel-actions">
          <AllowedButton
            operation="channels.create"
            label={t('notices.addChannel')}
            type="primary"
            onClick={() => editing.open(null)}
          />
        </div>
      </RecordPanel>
      <ChannelDrawer key={editing.key} channel={editing.row} {...editing.drawer} />
    </>
  )
}

function useColumns(onEdit: (channel: ChannelView) => void): readonly Column<ChannelView>[] {
  const { t } = useTranslation()
  const texts = useAdapterTexts('notify')
  return [
    { key: 'name', title: t('notices.channel'), render: ({ name }) => <span className="record-name">{name}</span> },
    { key: 'kind', title: t('fields.kind'), render: ({ kind }) => texts.titleOf({ id: kind, title: kind }) },
    { key: 'role', title: t('notices.role'), render: ({ role }) => t(`notices.roles.${role}`) },
    { key: 'createdAt', title: t('notices.addedAt'), render: ({ createdAt }) => <Moment at={createdAt} precision="day" /> },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (channel) => <ChannelActions channel={channel} onEdit={onEdit} />,
    },
  ]
}

interface ChannelActionsProps {
  readonly channel: ChannelView
  readonly onEdit: (channel: ChannelView) => void
}

function ChannelActions({ channel, onEdit }: ChannelActionsProps) {
  const { t } = useTranslation()
  const { id, name } = channel
  const lacking = useLacking('channels.update')
  const test = useMutation({ mutationFn: () => api.channels.test({ id }) })
  return (
    <>
      <>
        <Action
          label={test.isPending ? t('notices.testing') : t('notices.test')}
          of={name}
          reason={lacking}
          onClick={() => {
            if (!test.isPending) test.mutate()
          }}
        />
        <Action label={t('fields.edit')} of={name} reason={lacking} onClick={() => onEdit(channel)} />
        <RemoveChannel channel={channel} />
      </>
      <div role="status" className="channel-test">
        {test.data !== undefined && (
          <>
            <Mark tone={test.data.delivered ? 'good' : 'bad'}>
              {test.data.delivered ? t('notices.testArrived') : t('notices.testFailed')}
            </Mark>
            <TechnicalDetail text={test.data.detail} />
          </>
        )}
      </div>
      <ProblemNotice error={test.error} />
    </>
  )
}

function RemoveChannel({ channel: { id, name } }: { readonly channel: ChannelView }) {
  const { t } = useTranslation()
  const lacking = useLacking('channels.remove')
  return (
    <ConfirmedAction
      label={t('notices.remove')}
      of={name}
      reason={lacking}
      title={t('notices.removeTitle', { name })}
      text={t('notices.removeText')}
      act={() => api.channels.remove({ id })}
      changes={keys.channels}
    />
  )
}
