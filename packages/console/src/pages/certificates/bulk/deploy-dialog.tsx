/**
 * Deploying again, to every target of many where it failed or was rolled back.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { keys } from '../../../api/keys.ts'
import { ProblemNotice } from '../../../components/problem-notice.tsx'
import { wantsPerson } from '../../targets/deployment-order.ts'
import { BulkFrame } from './bulk-frame.tsx'
import { inLanes, LANES } from './in-lanes.ts'
import { ScrolledList } from './left-out-list.tsx'
import type { BulkItem } from './run-bulk.ts'
import { useBulkRun } from './use-bulk-run.ts'
import { usePlan, type Plan } from './use-plan.ts'

interface DeployDialogProps {
  readonly certificates: readonly CertificateView[]
  readonly onClose: () => void
}

export function DeployDialog({ certificates, onClose }: DeployDialogProps) {
  const { t } = useTranslation()
  const { plan, count } = usePlan<BulkItem>('', async (asking) => {
    const plans = await inLanes(certificates, (certificate) => planDeployments(certificate, t), asking)
    return { items: plans.flatMap(({ items }) => items), leftOut: plans.flatMap(({ leftOut }) => leftOut) }
  })
  const run = useBulkRun<BulkItem>({
    concurrency: LANES,
    work: async (batch) => {
      for (const { id } of batch) await api.targets.deploy({ id })
    },
    changes: [keys.certificates, keys.targets],
  })
  const items = plan.data?.items ?? []
  return (
    <BulkFrame
      action="deploy"
      title={t('bulk.deployTitle', { count: certificates.length })}
      run={run}
      leftOut={plan.data?.leftOut ?? null}
      confirm={t('bulk.deployConfirm', { count: items.length })}
      isReady={items.length > 0}
      onConfirm={() => run.start(items)}
      onClose={onClose}
      afterwards={t('bulk.deployAfterwards')}
    >
      {plan.isFetching && <p role="status">{t('bulk.looking', { done: count, all: certificates.length })}</p>}
      <ProblemNotice error={plan.error} onRetry={() => void plan.refetch()} />
      {items.length > 0 && (
        <section className="bulk-section">
          <h3>{t('bulk.deployTargets', { count: items.length })}</h3>
          <ScrolledList label={t('bulk.deployTargets', { count: items.length })}>
            {items.map(({ id, name }) => (
              <li key={id} className="break">
                {name}
              </li>
            ))}
          </ScrolledList>
        </section>
      )}
    </BulkFrame>
  )
}

/** @throws ApiProblem, or the transport's own error when the service is away */
async function planDeployments({ id, name, sha256 }: CertificateView, t: TFunction): Promise<Plan<BulkItem>> {
  const leave = (reason: string): Plan<BulkItem> => ({ items: [], leftOut: [{ certificateId: id, name, reason }] })
  if (sha256 === null) return leave(t('certificates.notIssuedReason'))
  const { targets } = await api.certificates.get({ id })
  if (targets.length === 0) return leave(t('bulk.noTargets'))
  const wanting = targets.filter((target) => wantsPerson(target))
  if (wanting.length === 0) return leave(t('bulk.nothingToDeploy'))
  return {
    items: wanting.map((target) => ({ id: target.id, certificateId: id, name: `${name} → ${target.name}` })),
    leftOut: [],
  }
}
