/**
 * One request: what was asked and by whom, and what the reader may do about it.
 *
 * @module
 */
import type { ApprovalView } from '@evercert/contract'
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Moment } from '../../components/moment.tsx'
import type { Said } from '../../components/said.tsx'
import { Mark, type Tone } from '../../components/status-mark.tsx'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { ApprovalActions } from './approval-actions.tsx'
import { titleOf } from './title-of.ts'

const TONES: Readonly<Record<ApprovalView['state'], Tone>> = {
  waiting: 'todo',
  approved: 'good',
  done: 'good',
  refused: 'bad',
  withdrawn: 'ended',
  expired: 'ended',
  lapsed: 'warning',
}

interface ApprovalItemProps {
  readonly approval: ApprovalView
  readonly onDone: (what: Said) => void
}

export function ApprovalItem({ approval, onDone }: ApprovalItemProps) {
  const { t } = useTranslation()
  const { state, isMine, facts, certificateId } = approval
  const order = facts['order']
  return (
    <li data-approval={approval.id}>
      <div className="approval-head">
        <h2>{titleOf(t, approval)}</h2>
        <Mark tone={TONES[state]}>{t(`approvals.state.${state}`)}</Mark>
      </div>
      <dl className="fact-list">
        {linesOf(t, approval).map(([name, value]) => (
          <Line key={name} name={name} value={value} />
        ))}
      </dl>
      {isMine && state === 'waiting' && <p className="muted">{t('approvals.mine')}</p>}
      {isMine && state === 'approved' && <p role="status">{t('approvals.useIt')}</p>}
      <div className="button-row">
        <ApprovalActions approval={approval} onDone={onDone} />
        {certificateId !== null && (
          <Link href={`/certificates/${encodeURIComponent(certificateId)}`}>{t('approvals.toCertificate')}</Link>
        )}
        {typeof order === 'string' && <Link href={`/orders/${encodeURIComponent(order)}`}>{t('approvals.toOrder')}</Link>}
      </div>
    </li>
  )
}

function Line({ name, value }: { readonly name: string; readonly value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}

type NamedFact = keyof ReturnType<typeof factTexts>

/** In this order; what is not named here is shown by a link or says nothing to people. */
function factTexts(t: TFunction) {
  return {
    name: t('approvals.facts.name'),
    product: t('approvals.facts.product'),
    price: t('approvals.facts.price'),
    renews: t('approvals.facts.renews'),
    method: t('approvals.facts.method'),
    eachRenewalAtMost: t('approvals.facts.eachRenewalAtMost'),
    reason: t('approvals.facts.reason'),
    format: t('approvals.facts.format'),
    sha256: t('approvals.facts.sha256'),
    key: t('approvals.facts.key'),
    beforeSpendingLimits: t('approvals.facts.beforeSpendingLimits'),
    afterSpendingLimits: t('approvals.facts.afterSpendingLimits'),
    beforeRevocation: t('approvals.facts.beforeRevocation'),
    afterRevocation: t('approvals.facts.afterRevocation'),
    beforeKeyDownload: t('approvals.facts.beforeKeyDownload'),
    afterKeyDownload: t('approvals.facts.afterKeyDownload'),
    beforeTokensMayDownloadKeys: t('approvals.facts.beforeTokensMayDownloadKeys'),
    afterTokensMayDownloadKeys: t('approvals.facts.afterTokensMayDownloadKeys'),
  }
}

/** Of the rules only what would change. */
function isTold({ facts }: ApprovalView, name: NamedFact): boolean {
  if (!(name in facts)) return false
  const rule = /^(?:before|after)(\w+)$/.exec(name)?.[1]
  return rule === undefined ? facts[name] !== null : facts[`before${rule}`] !== facts[`after${rule}`]
}

function linesOf(t: TFunction, approval: ApprovalView): (readonly [string, ReactNode])[] {
  const { facts, why, requestedAt, requestedBy, endedAt, expiresAt, approvers, decidedAt, decidedBy, decisionReason, problem } =
    approval
  const names = Object.entries(factTexts(t)) as [NamedFact, string][]
  const asked = names
    .filter(([name]) => isTold(approval, name))
    .map(([name, text]) => [text, valueOf(t, name, facts[name])] as const)
  const optional: (readonly [string, ReactNode] | null)[] = [
    ...asked,
    [
      t('approvals.why'),
      why ?? (
        <span key="why" className="muted">
          {t('approvals.noWhy')}
        </span>
      ),
    ],
    [t('approvals.asked'), <Who key="asked" at={requestedAt} who={requestedBy} />],
    endedAt === null ? [t('approvals.until'), <Moment key="until" at={expiresAt} />] : null,
    approvers.length > 0 ? [t('approvals.approvers'), approvers.join(', ')] : null,
    decidedAt === null ? null : [t('approvals.decided'), <Who key="decided" at={decidedAt} who={decidedBy ?? ''} />],
    decisionReason === null ? null : [t('approvals.reason'), decisionReason],
    problem === null ? null : [t('approvals.problem'), <TechnicalDetail key="problem" text={problem.detail} />],
  ]
  return optional.filter((line) => line !== null)
}

function Who({ at, who }: { readonly at: string; readonly who: string }) {
  return (
    <>
      {who} · <Moment at={at} />
    </>
  )
}

function valueOf(t: TFunction, name: NamedFact, value: ApprovalView['facts'][string] | undefined): ReactNode {
  if (value === null || value === undefined) return t('approvals.none')
  if (typeof value === 'boolean') return t(value ? 'approvals.yes' : 'approvals.no')
  if (name === 'method' && value === 'balance') return t('orders.balance')
  if (name === 'reason') return t(`life.revocationReasons.${value as 'unspecified'}`)
  if (name === 'sha256' || name === 'key') return <span className="mono">{value}</span>
  return value
}
