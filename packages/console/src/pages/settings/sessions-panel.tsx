/**
 * Where somebody is signed in, and the end of it.
 *
 * @module
 */
import type { SessionView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLeave } from '../../app/use-leave.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { deviceOf } from './device.ts'

export function SessionsPanel() {
  const { t } = useTranslation()
  const sessions = useQuery({ queryKey: keys.sessions, queryFn: () => api.sessions.list() })
  const columns = useColumns()
  return (
    <section className="panel" aria-label={t('security.sessions')}>
      <h2>{t('security.sessions')}</h2>
      <p className="muted">{t('security.sessionsIntro')}</p>
      <QueryView query={sessions}>
        {({ items }) => (
          <>
            <RecordTable label={t('security.sessions')} columns={columns} rows={items} rowKey={({ id }) => id} />
            {items.length > 1 && (
              <div className="records-end">
                <ConfirmedAction
                  label={t('security.endOthers')}
                  of=""
                  title={t('security.endOthersTitle')}
                  text={t('security.endOthersText', { count: items.length - 1 })}
                  act={() => api.sessions.removeOthers()}
                  changes={keys.sessions}
                />
              </div>
            )}
          </>
        )}
      </QueryView>
    </section>
  )
}

function useColumns(): readonly Column<SessionView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'device',
      title: t('security.device'),
      render: ({ userAgent, isCaller }) => (
        <>
          <div className="record-name" title={userAgent ?? undefined}>
            {deviceOf(userAgent) ?? t('security.unknownDevice')}
          </div>
          {isCaller && <div className="muted">{t('security.thisOne')}</div>}
        </>
      ),
    },
    {
      key: 'address',
      title: t('security.address'),
      render: ({ address }) => <span className="mono break">{address ?? '–'}</span>,
    },
    { key: 'signedInAt', title: t('security.signedInAt'), render: ({ signedInAt }) => <Moment at={signedInAt} /> },
    { key: 'lastUsedAt', title: t('security.lastUsedAt'), render: ({ lastUsedAt }) => <Moment at={lastUsedAt} /> },
    { key: 'actions', title: t('fields.actions'), kind: 'actions', render: (session) => <EndSession session={session} /> },
  ]
}

function EndSession({ session: { id, isCaller, userAgent } }: { readonly session: SessionView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const leave = useLeave()
  const end = useMutation({
    mutationFn: async () => {
      if (isCaller) await leave()
      else await api.sessions.remove({ id })
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.sessions }),
  })
  return (
    <>
      <Action label={t('shell.signOut')} of={deviceOf(userAgent) ?? ''} reason={null} onClick={() => end.mutate()} />
      <ProblemNotice error={end.error} />
    </>
  )
}
