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
import { askToGoOn, useSessionEnd } from '../api/session-end.ts'
import { pick } from '../i18n/i18n.ts'
import { joinList } from './join-list.ts'
import { ProblemFacts } from './problem-facts.tsx'
import { Sentence } from './sentence.tsx'

export interface ProblemNoticeProps {
  /** What a query or mutation failed with; null shows nothing. */
  readonly error: unknown
  readonly onRetry?: () => void
  /** What was sent was to sign in: that nobody is signed in is the answer to it, and not news. */
  readonly isOfSignIn?: boolean
}

export function ProblemNotice({ error, onRetry, isOfSignIn = false }: ProblemNoticeProps) {
  const { t } = useTranslation()
  const sessionEnd = useSessionEnd()
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
  const isEnded = error.problem.code === 'unauthenticated' && !isOfSignIn && sessionEnd !== 'none'
  // The dialog over the page says it; and who signed in again sees the page as it was.
  if (isEnded && sessionEnd !== 'away') return null
  if (isEnded) {
    return (
      <Alert
        className="problem"
        type="warning"
        showIcon
        role="alert"
        title={t('signIn.endedTitle')}
        description={t('signIn.endedText')}
        action={<SignInAgain />}
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
      title={<Sentence of={error.problem.cause} />}
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
        <Sentence of={problem.remedy} />
      </p>
      <Advice of={problem.facts} />
      <ProblemFacts of={problem.facts} />
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

/** Which of several faults it is that cause and remedy speak of. */
function Advice({ of: { adviceEn, adviceZh } }: { readonly of: ProblemDocument['facts'] }) {
  if (typeof adviceEn !== 'string' || typeof adviceZh !== 'string') return null
  return <p className="break">{pick({ en: adviceEn, zh: adviceZh })}</p>
}

function SignInAgain() {
  const { t } = useTranslation()
  return (
    <Button size="small" onClick={() => askToGoOn(true)}>
      {t('signIn.again')}
    </Button>
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
