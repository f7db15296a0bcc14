/**
 * One agent: its sites, what it found on its host, its work with reports, and its end.
 *
 * @module
 */
import type { AgentDetail, AgentSite } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMay } from '../../api/use-may.ts'
import type { PageProps } from '../../app/page-props.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { Facts } from '../../components/facts.tsx'
import { Moment } from '../../components/moment.tsx'
import '../../components/page.css'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useSaid } from '../../components/said.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { FindingsPanel } from './findings-panel.tsx'
import { presenceOf, PRESENCE_TONES } from './agent-state.ts'
import './agents-page.css'
import { SitesPanel } from './sites-panel.tsx'
import { TargetDrawer } from './target-drawer.tsx'
import { WorkPanel } from './work-panel.tsx'

const REFRESH_MS = 10_000
/** Something is under way: the agent works, or has not told of its host yet. */
const REFRESH_BUSY_MS = 2_000

export function AgentPage({ params: { id = '' } }: PageProps) {
  const { t } = useTranslation()
  const [result, say] = useSaid()
  const mayRevoke = useMay('targets:write')
  const editing = useEditing<AgentSite>()
  const agent = useQuery({
    queryKey: keys.agent(id),
    queryFn: () => api.agents.get({ id }),
    refetchInterval: ({ state: { data } }) => (isBusy(data) ? REFRESH_BUSY_MS : REFRESH_MS),
  })
  return (
    <>
      <p className="agent-back">
        <Link href="/agents">‹ {t('shell.agents')}</Link>
      </p>
      <PageHead
        title={agent.data?.name ?? t('agents.one')}
        result={result}
        actions={mayRevoke && agent.data?.state === 'active' && <Revoke agent={agent.data} />}
      />
      <QueryView query={agent}>
        {(detail) => (
          <>
            {detail.state === 'revoked' && (
              <Alert className="problem" type="warning" showIcon role="none" title={t('agents.revokedText')} />
            )}
            <AgentFacts agent={detail} now={agent.dataUpdatedAt} />
            <SitesPanel
              agent={detail}
              onMakeTarget={(site) => {
                say(null)
                editing.open(site)
              }}
            />
            <WorkPanel work={detail.work} />
            <FindingsPanel findings={detail.findings} />
            <TargetDrawer
              key={editing.key}
              agentName={detail.name}
              site={editing.row}
              isOpen={editing.isOpen}
              onClose={editing.close}
              onMade={(name) => {
                editing.close()
                say((t) => t('agents.targetMade', { name }))
              }}
            />
          </>
        )}
      </QueryView>
    </>
  )
}

function isBusy(agent: AgentDetail | undefined): boolean {
  return agent?.state === 'active' && (agent.openWork > 0 || agent.observedAt === null)
}

function Revoke({ agent: { id, name } }: { readonly agent: AgentDetail }) {
  const { t } = useTranslation()
  return (
    <ConfirmedAction
      label={t('agents.revoke')}
      of={name}
      title={t('agents.revokeTitle', { name })}
      text={t('agents.revokeText')}
      consequences={[t('agents.revokeHost'), t('agents.revokeWork'), t('agents.revokeStop')]}
      act={() => api.agents.revoke({ id })}
      changes={keys.agents}
    />
  )
}

function AgentFacts({ agent, now }: { readonly agent: AgentDetail; readonly now: number }) {
  const { t } = useTranslation()
  const presence = presenceOf(agent, now)
  const { hostName, version, lastSeenAt, observedAt, enrolledAt, revokedAt, openWork, publicKeySha256 } = agent
  return (
    <section className="panel" aria-label={t('agents.one')}>
      <Facts
        items={[
          [
            t('agents.state'),
            <span key="state">
              <Mark tone={PRESENCE_TONES[presence]}>{t(`agents.states.${presence}`)}</Mark>
              {presence === 'silent' && <span className="muted"> {t('agents.silentHelp')}</span>}
            </span>,
          ],
          [
            t('agents.lastSeen'),
            lastSeenAt === null ? t('agents.never') : <Moment key="seen" at={lastSeenAt} precision="second" />,
          ],
          [t('agents.host'), hostName],
          [t('agents.version'), version],
          [t('agents.openWork'), openWork === 0 ? t('agents.noWork') : t('agents.openWorkCount', { count: openWork })],
          [t('agents.enrolledAt'), <Moment key="enrolled" at={enrolledAt} />],
          [t('agents.observedAt'), observedAt === null ? t('agents.notObserved') : <Moment key="observed" at={observedAt} />],
          revokedAt === null ? null : [t('agents.revokedAt'), <Moment key="revoked" at={revokedAt} />],
          [
            t('agents.key'),
            <span key="key" className="mono break">
              Ed25519, SHA-256 {publicKeySha256}
            </span>,
          ],
        ]}
      />
    </section>
  )
}
