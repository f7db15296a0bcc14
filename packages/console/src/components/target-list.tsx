/**
 * Where a certificate is installed, how each deployment went, and its log.
 *
 * @module
 */
import type { TargetView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { DeploymentLog } from './deployment-log.tsx'
import './endpoint-list.css'
import { DeploymentProblem } from './deployment-problem.tsx'
import { useAdapterTexts } from './adapter-form/use-adapter-texts.ts'
import { Moment } from './moment.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { Mark, type Tone } from './status-mark.tsx'

const STATES = ['planned', 'applied', 'proved', 'rolledBack', 'failed', 'abandoned', 'superseded'] as const
type State = (typeof STATES)[number]

const TONES: Readonly<Record<State, Tone>> = {
  planned: 'busy',
  applied: 'good',
  proved: 'good',
  rolledBack: 'bad',
  failed: 'bad',
  abandoned: 'ended',
  superseded: 'ended',
}

export function TargetList({ targets }: { readonly targets: readonly TargetView[] }) {
  const { t } = useTranslation()
  if (targets.length === 0) return <p className="muted">{t('certificate.noTargets')}</p>
  return (
    <ul className="targets">
      {targets.map((target) => (
        <TargetRow key={target.id} target={target} />
      ))}
    </ul>
  )
}

function TargetRow({ target: { id, name, kind, deployment } }: { readonly target: TargetView }) {
  const { t } = useTranslation()
  const texts = useAdapterTexts('deploy')
  const queries = useQueryClient()
  const again = useMutation({
    mutationFn: () => api.targets.deploy({ id }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.certificates }),
  })
  const state = STATES.find((each) => each === deployment?.state)
  const isUnproved = state === 'applied' && deployment?.advice?.code === 'verificationFailed'
  return (
    <li>
      <div className="target-head">
        <strong className="break">{name}</strong>
        <span className="muted">{texts.titleOf({ id: kind, title: kind })}</span>
        {state === undefined ? (
          <span className="muted">{t('certificate.notDeployed')}</span>
        ) : (
          <Mark tone={TONES[state]}>{t(`terms.deployment.${state}`)}</Mark>
        )}
        {deployment !== null && (
          <span className="muted">
            <Moment at={deployment.updatedAt} precision="second" />
          </span>
        )}
        {(state === 'failed' || state === 'rolledBack' || isUnproved) && (
          <Button size="small" loading={again.isPending} onClick={() => again.mutate()}>
            {t('certificate.deployAgain')}
          </Button>
        )}
      </div>
      <DeploymentProblem deployment={deployment} />
      <ProblemNotice error={again.error} />
      {deployment !== null && <DeploymentLog deployment={deployment} of={name} />}
    </li>
  )
}
