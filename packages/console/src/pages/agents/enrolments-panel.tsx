/**
 * Enrolments that nobody used yet, and taking one back.
 *
 * @module
 */
import type { EnrolmentView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { Moment } from '../../components/moment.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'

interface EnrolmentsPanelProps {
  readonly mayChange: boolean
  /** How often it is looked again. */
  readonly refreshMs: number
}

/** Nothing at all where none waits. */
export function EnrolmentsPanel({ mayChange, refreshMs }: EnrolmentsPanelProps) {
  const { t } = useTranslation()
  const { data } = useQuery({
    queryKey: keys.enrolments,
    queryFn: () => api.agents.listEnrolments(),
    refetchInterval: refreshMs,
  })
  if (data === undefined || data.items.length === 0) return null
  const columns: Column<EnrolmentView>[] = [
    { key: 'name', title: t('agents.name'), kind: 'name', render: ({ name }) => name },
    { key: 'createdBy', title: t('agents.enrolmentMadeBy'), render: ({ createdBy }) => createdBy ?? '–' },
    { key: 'createdAt', title: t('agents.enrolmentMadeAt'), kind: 'wide', render: ({ createdAt }) => <Moment at={createdAt} /> },
    { key: 'expiresAt', title: t('agents.enrolmentUntil'), render: ({ expiresAt }) => <Moment at={expiresAt} /> },
    ...(mayChange
      ? [
          {
            key: 'actions',
            title: t('fields.actions'),
            kind: 'actions',
            render: ({ id, name }) => (
              <ConfirmedAction
                label={t('agents.withdraw')}
                of={name}
                title={t('agents.withdrawTitle', { name })}
                text={t('agents.withdrawText')}
                act={() => api.agents.withdrawEnrolment({ id })}
                changes={keys.agents}
              />
            ),
          } satisfies Column<EnrolmentView>,
        ]
      : []),
  ]
  return (
    <section className="panel" aria-labelledby="enrolments">
      <h2 id="enrolments">{t('agents.enrolments')}</h2>
      <p className="muted">{t('agents.enrolmentsIntro')}</p>
      <RecordTable label={t('agents.enrolments')} columns={columns} rows={data.items} rowKey={({ id }) => id} />
    </section>
  )
}
