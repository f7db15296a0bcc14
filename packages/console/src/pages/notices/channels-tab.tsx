/**
 * Where notices go: added, changed, tried out and removed.
 *
 * @module
 */
import type { ChannelView } from '@evercert/contract'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { useAdapterTexts } from '../../components/adapter-form/use-adapter-texts.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { EmptyList } from '../../components/page.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
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
  const [done, setDone] = useState<string | null>(null)
  const channels = useQuery({ queryKey: keys.channels, queryFn: () => api.channels.list() })
  const open = (channel: ChannelView | null): void => {
    setDone(null)
    editing.open(channel)
  }
  const columns = useColumns(open)
  const items = channels.data?.items ?? []
  return (
    <section className="panel" aria-label={t('notices.channels')}>
      <p className="muted">{t('notices.channelsIntro')}</p>
      <DoneNotice title={done} />
      <div className="panel-actions">
        <AllowedButton operation="channels.create" label={t('notices.addChannel')} type="primary" onClick={() => open(null)} />
      </div>
      {channels.isPending && <Loading />}
      <ProblemNotice error={channels.error} onRetry={() => void channels.refetch()} />
      {channels.data !== undefined && items.length === 0 && (
        <EmptyList title={t('notices.noChannelsTitle')} text={t('notices.noChannelsText')} />
      )}
      {items.length > 0 && <RecordTable label={t('notices.channels')} columns={columns} rows={items} rowKey={({ id }) => id} />}
      <ChannelDrawer
        key={editing.key}
        channel={editing.row}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onDone={(what) => {
          editing.close()
          setDone(what)
        }}
      />
    </section>
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
      <div className="record-actions">
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
      </div>
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
  return (
    <ConfirmedAction
      label={t('notices.remove')}
      of={name}
      title={t('notices.removeTitle', { name })}
      text={t('notices.removeText')}
      act={() => api.channels.remove({ id })}
      changes={keys.channels}
    />
  )
}
