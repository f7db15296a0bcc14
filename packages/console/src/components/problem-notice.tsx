/**
 * The one way a failure is shown: what happened, what to do, and what to tell the operator.
 *
 * @module
 */
import type { ProblemDocument } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import i18n from 'i18next'
import { pick } from '../i18n/i18n.ts'
import { joinList } from './join-list.ts'

export interface ProblemNoticeProps {
  /** What a query or mutation failed with; null shows nothing. */
  readonly error: unknown
  readonly onRetry?: () => void
}

export function ProblemNotice({ error, onRetry }: ProblemNoticeProps) {
  const { t } = useTranslation()
  if (error === null || error === undefined) return null
  const retry =
    onRetry === undefined ? undefined : (
      <Button size="small" onClick={onRetry}>
        {t('problem.retry')}
      </Button>
    )
  if (!(error instanceof ApiProblem)) {
    return (
      <Alert
        className="problem"
        type="error"
        showIcon
        role="alert"
        title={t('problem.awayCause')}
        description={t('problem.awayRemedy')}
        action={retry}
      />
    )
  }
  const waits = error.problem.code === 'secondPersonNeeded'
  return (
    <Alert
      className="problem"
      type={waits ? 'info' : 'error'}
      showIcon
      role="alert"
      title={pick(error.problem.cause)}
      description={<ProblemText problem={error.problem} />}
      action={retry}
    />
  )
}

function ProblemText({ problem }: { readonly problem: ProblemDocument }) {
  const { t } = useTranslation()
  return (
    <>
      <p>
        <strong>{t('problem.remedy')}</strong>
        {pick(problem.remedy)}
      </p>
      <Missing of={problem.facts['missing']} />
      {problem.code === 'secondPersonNeeded' && <SecondPerson approvers={problem.facts['approvers']} />}
      <details>
        <summary>{t('problem.detail')}</summary>
        <p className="break" lang="en">
          {problem.detail}
        </p>
        <p className="muted mono">
          {problem.code}
          {problem.requestId !== null && ` · ${t('problem.requestId')} ${problem.requestId}`}
        </p>
      </details>
    </>
  )
}

const PARTS = ['contact', 'company', 'businessLicence', 'superior', 'bankPermit'] as const

/** Which parts an application lacks. */
function Missing({ of }: { readonly of: unknown }) {
  const { t } = useTranslation()
  const parts = Array.isArray(of) ? PARTS.filter((part) => of.includes(part)) : []
  if (parts.length === 0) return null
  return <p>{t('problem.missing', { parts: joinList(parts.map((part) => t(`problem.parts.${part}`))) })}</p>
}

/** Who may approve, and the request, where who asked can say why. */
function SecondPerson({ approvers }: { readonly approvers: unknown }) {
  const { t } = useTranslation()
  return (
    <p className="break">
      {Array.isArray(approvers) && `${t('problem.approvers', { names: joinList(approvers.map(String)) })} `}
      <Link href="/approvals">{t('problem.toApprovals')}</Link>
    </p>
  )
}

/**
 * What a failure says of single fields, for a form to show beside them: `faults` of the facts are `field.path: message`.
 * A problem that names one field (`facts.field`) says its remedy there.
 */
export function fieldFaults(error: unknown): { readonly name: string[]; readonly errors: string[] }[] {
  if (!(error instanceof ApiProblem)) return []
  const { facts, remedy, cause } = error.problem
  const faults = Array.isArray(facts['faults']) ? facts['faults'].filter((fault) => typeof fault === 'string') : []
  const named = faults.map((fault) => /^([\w.]+): (.*)$/s.exec(fault)).filter((match) => match !== null)
  if (named.length > 0)
    return named.map(([, path = '', message = '']) => ({
      name: path.split('.'),
      errors: [i18n.t('problem.fieldFault', { fault: message })],
    }))
  return typeof facts['field'] === 'string'
    ? [{ name: facts['field'].split('.'), errors: [`${pick(cause)} ${pick(remedy)}`] }]
    : []
}
