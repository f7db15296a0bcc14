/**
 * What an agent told of one certificate file of its host, or why it cannot be told.
 *
 * @module
 */
import { FINDING_PROBLEMS, type AgentSite } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { joinList } from '../../components/join-list.ts'
import { Moment } from '../../components/moment.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { pick } from '../../i18n/i18n.ts'

const PRINT = 16

type Told = Pick<AgentSite, 'sha256' | 'domains' | 'problem'>

export function WhatIsThere({ told: { sha256, domains, problem } }: { readonly told: Told }) {
  const { t } = useTranslation()
  if (problem !== null)
    return (
      <>
        <Mark tone="warning">{t('agents.unknown')}</Mark>
        <div>{pick(FINDING_PROBLEMS[problem])}</div>
      </>
    )
  return (
    <>
      <div className="break">{joinList(domains)}</div>
      {sha256 !== null && (
        <div className="muted mono" title={sha256}>
          SHA-256 {sha256.slice(0, PRINT)}…
        </div>
      )}
    </>
  )
}

export function Until({ notAfter }: { readonly notAfter: string | null }) {
  return notAfter === null ? <span className="muted">–</span> : <Moment at={notAfter} precision="day" />
}
