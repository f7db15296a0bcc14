/**
 * The hosts that install certificates themselves: who they are, when they were last seen, what waits for them; and enrolling one more.
 *
 * @module
 */
import type { AgentView } from '@evercert/contract'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMay } from '../../api/use-may.ts'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { Moment } from '../../components/moment.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { useShown } from '../../components/use-shown.ts'
import { agentPlace } from './agent-place.ts'
import { presenceOf, PRESENCE_TONES } from './agent-state.ts'
import './agents-page.css'
import { EnrolDrawer, type Enrolment } from './enrol-drawer.tsx'
import { EnrolNotice } from './enrol-notice.tsx'
import { EnrolmentsPanel } from './enrolments-panel.tsx'

const REFRESH_MS = 15_000
/** Somebody is in front of the host and waits to see it here. */
const REFRESH_WAITING_MS = 2_000

export function AgentsPage() {
  const { t } = useTranslation()
  const mayChange = useMay('targets:write')
  const editing = useEditing<null>()
  const queries = useQueryClient()
  const [made, setMade] = useState<Enrolment | null>(null)
  const agents = useQuery({
    queryKey: keys.agents,
    queryFn: () => api.agents.list(),
    refetchInterval: ({ state: { data } }) =>
      isAwaited(made) && findArrived(made, data?.items) === null ? REFRESH_WAITING_MS : REFRESH_MS,
  })
  const arrived = findArrived(made, agents.data?.items)
  const enrol = mayChange && (
    <Button
      type="primary"
      onClick={() => {
        setMade(null)
        editing.open(null)
      }}
    >
      {t('agents.enrol')}
    </Button>
  )
  return (
    <>
      <PageHead title={t('shell.agents')} intro={t('agents.intro')} actions={enrol} />
      <EnrolNotice made={made} arrived={arrived} onClose={() => setMade(null)} />
      <section className="panel" aria-label={t('shell.agents')}>
        <QueryView query={agents}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyList title={t('agents.emptyTitle')} text={t('agents.emptyText')} />
            ) : (
              <AgentTable agents={items} now={agents.dataUpdatedAt} />
            )
          }
        </QueryView>
      </section>
      <EnrolmentsPanel mayChange={mayChange} refreshMs={isAwaited(made) && arrived === null ? REFRESH_WAITING_MS : REFRESH_MS} />
      <EnrolDrawer
        key={editing.key}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onMade={(enrolment) => {
          editing.close()
          setMade(enrolment)
          void queries.invalidateQueries({ queryKey: keys.enrolments })
        }}
      />
    </>
  )
}

function isAwaited(made: Enrolment | null): boolean {
  return made !== null && Date.now() < Date.parse(made.expiresAt)
}

function findArrived(made: Enrolment | null, agents: readonly AgentView[] = []): AgentView | null {
  return agents.find(({ name, state }) => name === made?.name && state === 'active') ?? null
}

function AgentTable({ agents, now }: { readonly agents: readonly AgentView[]; readonly now: number }) {
  const { t } = useTranslation()
  const { rows, all, showMore } = useShown(agents)
  const columns: Column<AgentView>[] = [
    {
      key: 'name',
      title: t('agents.agent'),
      kind: 'name',
      render: (agent) => (
        <>
          <Link href={agentPlace(agent)}>{agent.name}</Link>
          <div className="muted agent-host">{agent.hostName}</div>
        </>
      ),
    },
    {
      key: 'state',
      title: t('agents.state'),
      render: (agent) => {
        const presence = presenceOf(agent, now)
        return (
          <>
            <Mark tone={PRESENCE_TONES[presence]}>{t(`agents.states.${presence}`)}</Mark>
            {presence === 'silent' && <div className="muted agent-help">{t('agents.silentHelp')}</div>}
          </>
        )
      },
    },
    {
      key: 'lastSeen',
      title: t('agents.lastSeen'),
      render: ({ lastSeenAt }) => (lastSeenAt === null ? t('agents.never') : <Moment at={lastSeenAt} />),
    },
    {
      key: 'work',
      title: t('agents.openWork'),
      render: ({ openWork }) =>
        openWork === 0 ? <span className="muted">{t('agents.noWork')}</span> : t('agents.openWorkCount', { count: openWork }),
    },
    { key: 'sites', title: t('agents.sites'), render: ({ siteCount }) => siteCount },
    { key: 'version', title: t('agents.version'), kind: 'wide', render: ({ version }) => version },
  ]
  return (
    <>
      <RecordTable label={t('shell.agents')} columns={columns} rows={rows} rowKey={({ id }) => id} />
      <div className="records-end muted">
        <span role="status">{t('agents.shown', { count: rows.length, all })}</span>
        {showMore !== null && <Button onClick={showMore}>{t('certificates.loadMore')}</Button>}
      </div>
    </>
  )
}
