/**
 * The sites of a host, each of which a certificate can be deployed to.
 *
 * @module
 */
import type { AgentDetail, AgentSite } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Action } from '../../components/action.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Until, WhatIsThere } from './host-facts.tsx'

interface SitesPanelProps {
  readonly agent: AgentDetail
  readonly onMakeTarget: (site: AgentSite) => void
}

export function SitesPanel({ agent: { sites, state }, onMakeTarget }: SitesPanelProps) {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const columns: Column<AgentSite>[] = [
    {
      key: 'name',
      title: t('agents.site'),
      kind: 'name',
      render: ({ name, server }) => (
        <>
          {name}
          <div className="muted agent-host">{server}</div>
        </>
      ),
    },
    { key: 'what', title: t('agents.certificate'), render: (site) => <WhatIsThere told={site} /> },
    { key: 'until', title: t('agents.until'), render: (site) => <Until notAfter={site.notAfter} /> },
    {
      key: 'file',
      title: t('agents.files'),
      kind: 'wide',
      render: ({ certificatePath }) => <span className="mono agent-files">{certificatePath}</span>,
    },
  ]
  if (state === 'active')
    columns.push({
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (site) => (
        <Action
          label={t('agents.makeTarget')}
          of={site.name}
          reason={isOperator ? null : t('agents.makeTargetReason')}
          onClick={() => onMakeTarget(site)}
        />
      ),
    })
  return (
    <section className="panel" aria-labelledby="agent-sites">
      <h2 id="agent-sites">{t('agents.sites')}</h2>
      <p className="muted">{sites.length === 0 ? t('agents.noSites') : t('agents.sitesIntro')}</p>
      {sites.length > 0 && <RecordTable label={t('agents.sites')} columns={columns} rows={sites} rowKey={({ name }) => name} />}
    </section>
  )
}
