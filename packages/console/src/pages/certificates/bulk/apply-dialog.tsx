/**
 * Submitting the applications of many as they are prefilled. Each is a call of its own: what was submitted stays submitted, whatever
 * happens to the page.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { keys } from '../../../api/keys.ts'
import { labelled, joinList } from '../../../components/join-list.ts'
import { ProblemNotice } from '../../../components/problem-notice.tsx'
import { BulkFrame } from './bulk-frame.tsx'
import { inLanes, LANES } from './in-lanes.ts'
import { ScrolledList } from './left-out-list.tsx'
import { hasArrived, isPlanned, planApplication, type PlannedApplication } from './plan-applications.ts'
import type { LeftOut } from './report-csv.ts'
import { useBulkRun } from './use-bulk-run.ts'
import { usePlan } from './use-plan.ts'

const SHOWN_DOMAINS = 5

interface ApplyDialogProps {
  readonly certificates: readonly CertificateView[]
  readonly onClose: () => void
}

export function ApplyDialog({ certificates, onClose }: ApplyDialogProps) {
  const { t } = useTranslation()
  const { plan, count } = usePlan<PlannedApplication>('', async (asking) => {
    const all = await inLanes(certificates, (certificate) => planApplication(certificate, t), asking)
    return { items: all.filter(isPlanned), leftOut: all.filter((one): one is LeftOut => !isPlanned(one)) }
  })
  const submit = useSubmission()
  const run = useBulkRun<PlannedApplication>({
    concurrency: LANES,
    work: async (batch) => {
      for (const item of batch) await submit(item)
    },
    changes: [keys.certificates],
  })
  const items = plan.data?.items ?? []
  return (
    <BulkFrame
      action="apply"
      title={t('bulk.applyTitle', { count: certificates.length })}
      run={run}
      leftOut={plan.data?.leftOut ?? null}
      confirm={t('bulk.applyConfirm', { count: items.length })}
      isReady={items.length > 0}
      onConfirm={() => run.start(items)}
      onClose={onClose}
      afterwards={t('bulk.applyAfterwards')}
    >
      {plan.isFetching && <p role="status">{t('bulk.applyLooking', { done: count, all: certificates.length })}</p>}
      <ProblemNotice error={plan.error} onRetry={() => void plan.refetch()} />
      {items.length > 0 && (
        <section className="bulk-section">
          <h3>{t('bulk.applyItems', { count: items.length })}</h3>
          <p className="muted">{t('bulk.applyText')}</p>
          <ScrolledList label={t('bulk.applyItems', { count: items.length })}>
            {items.map((item) => (
              <ApplicationRow key={item.id} application={item} />
            ))}
          </ScrolledList>
        </section>
      )}
    </BulkFrame>
  )
}

/** What got no answer is looked at before it is sent again. */
function useSubmission(): (application: PlannedApplication) => Promise<void> {
  const unanswered = useRef(new Set<string>())
  return async (application) => {
    const { id, form } = application
    if (unanswered.current.has(id) && (await hasArrived(application))) return
    try {
      await api.applications.submit({ id, ...form })
    } catch (error) {
      if (!(error instanceof ApiProblem)) unanswered.current.add(id)
      throw error
    }
  }
}

function ApplicationRow({ application: { name, form } }: { readonly application: PlannedApplication }) {
  const { t } = useTranslation()
  const { domains, validationMethod, csrPem, csrId, hostKey } = form
  const more = domains.length - SHOWN_DOMAINS
  return (
    <li>
      <strong className="break">{name}</strong>
      <span className="muted break">
        {joinList(domains.slice(0, SHOWN_DOMAINS))}
        {more > 0 && ` ${t('bulk.applyMore', { count: more })}`}
        {` · ${labelled(t('renewal.validationMethod'), t(`renewal.methods.${validationMethod}`))}`}
        {hostKey !== null && ` · ${t('bulk.applyHostKey', hostKey)}`}
        {(csrPem !== null || csrId !== null) && ` · ${t('bulk.applyCsr')}`}
      </span>
    </li>
  )
}
