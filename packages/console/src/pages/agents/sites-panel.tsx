/**
 * The sites of a host, each of which a certificate can be deployed to.
 *
 * @module
 */
import type { AgentDetail, AgentSite } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Action } from '../../components/action.tsx'
import { DataTable, type Column } from '../../components/data-table.tsx'
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
      role: 'name',
      cell: ({ name, server }) => (
        <>
          {name}
          <div className="muted agent-host">{server}</div>
        </>
      ),
    },
    { key: 'what', title: t('agents.certificate'), cell: (site) => <WhatIsThere told={site} /> },
    { key: 'until', title: t('agents.until'), cell: (site) => <Until notAfter={site.notAfter} /> },
    {
      key: 'file',
      title: t('agents.files'),
      role: 'wide',
      cell: ({ certificatePath }) => <span className="mono agent-files">{certificatePath}</span>,
    },
  ]
  if (state === 'active')
    columns.push({
      key: 'actions',
      title: t('forms.actions'),
      role: 'actions',
      cell: (site) => (
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
      {sites.length > 0 && <DataTable label={t('agents.sites')} columns={columns} rows={sites} keyOf={({ name }) => name} />}
    </section>
  )
}
