/**
 * How things stand: counts by status, what needs a person now and why, and what expires in the months to come.
 *
 * @module
 */
import { CERTIFICATE_STATUSES, type CertificateStatusView, type CertificateView } from '@evercert/contract'
import { useQueries, useQuery } from '@tanstack/react-query'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { LightLink } from '../../components/light-link.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { STATUS_TONES, StatusMark } from '../../components/status-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { ExpiryTimeline } from './expiry-timeline.tsx'
import type { ChangeListState } from './list-query.ts'
import { certificatePlace, nextPlace } from './next-place.ts'

/** Shown even when no certificate has them: people look for them. */
const ALWAYS: readonly CertificateStatusView[] = ['expiringSoon', 'pendingApplication', 'issued']
/** Out of the list unless asked for. */
const HIDDEN: readonly CertificateStatusView[] = ['cancelled', 'refunded', 'closed']

interface OverviewProps {
  readonly status: CertificateStatusView | undefined
  readonly onChange: ChangeListState
}

/** Parts of it are drawn anew only when they change: the list has to answer at once. What changes, the list beneath loads anew with its own. */
export function Overview({ status, onChange }: OverviewProps) {
  return (
    <div className="overview">
      <Counts status={status} onChange={onChange} />
      <Attention />
      <Timeline onChange={onChange} />
    </div>
  )
}

const Timeline = memo(ExpiryTimeline)

function Counts({ status, onChange }: OverviewProps) {
  const { t } = useTranslation()
  const counts = useQuery({ queryKey: keys.counts, queryFn: () => api.certificates.counts({}) })
  const found = new Map(counts.data?.items.map(({ status: each, count }) => [each, count]))
  const shown = CERTIFICATE_STATUSES.filter(
    (each) => !HIDDEN.includes(each) && (ALWAYS.includes(each) || found.has(each) || each === status),
  )
  const all = counts.data?.items.filter(({ status: each }) => !HIDDEN.includes(each)).reduce((sum, { count }) => sum + count, 0)
  if (counts.error !== null) return <ProblemNotice error={counts.error} onRetry={() => void counts.refetch()} />
  const tile = (key: CertificateStatusView | undefined, label: string, count: number | undefined) => (
    <button
      key={key ?? 'all'}
      type="button"
      className="count"
      data-tone={key === undefined ? undefined : STATUS_TONES[key]}
      aria-pressed={status === key}
      onClick={() => onChange({ status: key })}
    >
      <span className="count-number number">{count ?? '–'}</span>
      <span>{label}</span>
    </button>
  )
  return (
    <section className="panel counts-panel" aria-label={t('certificates.counts')}>
      <div className="counts">
        {tile(undefined, t('certificates.allCount'), all)}
        {shown.map((each) =>
          tile(each, t(`certificates.statuses.${each}`), counts.data === undefined ? undefined : (found.get(each) ?? 0)),
        )}
      </div>
    </section>
  )
}

/** Statuses in which a person may have something to do, the most urgent first. */
const LOOKED_AT: readonly CertificateStatusView[] = [
  'reviewFailed',
  'expiringSoon',
  'pendingValidation',
  'pendingApplication',
  'revocationPending',
]
const LOOKED_AT_EACH = 8
const SHOWN = 5

const Attention = memo(() => {
  const { t } = useTranslation()
  const answers = useQueries({
    queries: LOOKED_AT.map((status) => {
      const query = { status, sort: 'expiry', limit: LOOKED_AT_EACH } as const
      return { queryKey: keys.list(query), queryFn: () => api.certificates.list(query) }
    }),
  })
  const wanting = answers.flatMap(({ data }) => data?.items.filter(({ nextStep }) => nextStep.mover === 'user') ?? [])
  const isLoading = answers.some(({ isPending }) => isPending)
  return (
    <section className="panel" aria-label={t('certificates.attention')}>
      <h2>{t('certificates.attention')}</h2>
      {wanting.length === 0 && !isLoading && <p className="muted">{t('certificates.attentionNone')}</p>}
      <ul className="attention">
        {wanting.slice(0, SHOWN).map((certificate) => (
          <Wanting key={certificate.id} certificate={certificate} />
        ))}
      </ul>
    </section>
  )
})

function Wanting({ certificate }: { readonly certificate: CertificateView }) {
  const place = nextPlace(certificate)
  return (
    <li>
      <LightLink href={place} isOver={place !== certificatePlace(certificate)} className="attention-name break">
        {certificate.name}
      </LightLink>
      <StatusMark certificate={certificate} />
      <p className="attention-why">
        <Sentence of={certificate.nextStep.text} isNarrow />
      </p>
    </li>
  )
}
