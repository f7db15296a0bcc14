/**
 * Applications under way: by where they are, each with its next step and the way to it.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { Estimate } from '../../components/estimate.tsx'
import { Loading } from '../../components/loading.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { STATUS_TONES, StatusMark } from '../../components/status-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { useBrandTitle } from '../../components/brand-title.ts'
import { applicationPlace, certificatePlace } from '../certificates/next-place.ts'
import './applications-page.css'

/** The most urgent first. */
const STATUSES = ['reviewFailed', 'pendingValidation', 'pendingApplication', 'inReview'] as const
type Status = (typeof STATUSES)[number]

const PAGE_SIZE = 50
const REFRESH_MS = 15_000

/** What the link to an application is called depends on what is to be done there. */
const ACTIONS = {
  pendingApplication: 'applications.apply',
  reviewFailed: 'applications.correct',
  pendingValidation: 'applications.validate',
  inReview: 'applications.see',
} as const satisfies Record<Status, string>

export function ApplicationsPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const chosen = STATUSES.find((status) => status === params.get('status')) ?? null
  const counts = useQuery({ queryKey: keys.counts, queryFn: () => api.certificates.counts({}), refetchInterval: REFRESH_MS })
  const found = new Map<string, number>(counts.data?.items.map(({ status, count }) => [status, count]))
  const all = STATUSES.reduce((sum, status) => sum + (found.get(status) ?? 0), 0)
  const shown = chosen === null ? STATUSES.filter((status) => (found.get(status) ?? 0) > 0) : [chosen]
  const tab = (status: Status | null, label: string, count: number) => (
    <Button
      key={status ?? 'all'}
      type={chosen === status ? 'primary' : 'default'}
      aria-pressed={chosen === status}
      onClick={() => setParams(status === null ? {} : { status })}
    >
      {label} <span className="number">{count}</span>
    </Button>
  )
  return (
    <>
      <PageHead title={t('applications.title')} intro={t('applications.intro')} />
      <ProblemNotice error={counts.error} onRetry={() => void counts.refetch()} />
      {counts.isPending && <Loading />}
      {counts.data !== undefined && (
        <>
          <div className="application-filter" role="group" aria-label={t('applications.filter')}>
            {tab(null, t('applications.all'), all)}
            {STATUSES.map((status) => tab(status, t(`certificates.statuses.${status}`), found.get(status) ?? 0))}
          </div>
          {shown.map((status) => (
            <ApplicationSection key={status} status={status} />
          ))}
          {shown.length === 0 && (
            <section className="panel">
              <EmptyList title={t('applications.emptyTitle')} text={t('applications.emptyText')}>
                <Link href="/">{t('shell.back')}</Link>
              </EmptyList>
            </section>
          )}
        </>
      )}
    </>
  )
}

function ApplicationSection({ status }: { readonly status: Status }) {
  const { t } = useTranslation()
  const query = { status, sort: '-created', limit: PAGE_SIZE } as const
  const list = useInfiniteQuery({
    queryKey: keys.list({ ...query, pages: true }),
    queryFn: ({ pageParam }) => api.certificates.list({ ...query, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state: { data } }) => (data !== undefined && data.pages.length > 2 ? false : REFRESH_MS),
  })
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <section className="panel" data-tone={STATUS_TONES[status]} aria-labelledby={`applications-${status}`}>
      <h2 id={`applications-${status}`}>{t(`certificates.statuses.${status}`)}</h2>
      <p className="muted">{t(`applications.means.${status}`)}</p>
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending && <Loading />}
      {list.data !== undefined && rows.length === 0 && <p>{t('applications.noneHere')}</p>}
      {rows.length > 0 && <ApplicationRows status={status} rows={rows} />}
      {list.hasNextPage && (
        <div className="records-end muted">
          <span role="status">{t('certificates.shown', { count: rows.length })}</span>
          <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t('certificates.loadMore')}
          </Button>
        </div>
      )}
    </section>
  )
}

function ApplicationRows({ status, rows }: { readonly status: Status; readonly rows: readonly CertificateView[] }) {
  const { t } = useTranslation()
  const brandTitle = useBrandTitle()
  const columns: Column<CertificateView>[] = [
    {
      key: 'name',
      title: t('applications.certificate'),
      kind: 'name',
      render: (certificate) => (
        <>
          <Link href={certificatePlace(certificate)}>{certificate.name}</Link>
          <div className="muted application-domains">
            {certificate.domains.length === 0 ? t('certificates.noDomains') : certificate.domains.slice(0, 2).join(', ')}
            {certificate.domains.length > 2 && ` ${t('certificates.moreNames', { count: certificate.domains.length })}`}
          </div>
        </>
      ),
    },
    {
      key: 'specification',
      title: t('certificates.specification'),
      kind: 'wide',
      render: ({ knownSpecification: known }) =>
        [
          known?.brand && brandTitle(known.brand),
          known?.certificateType,
          known?.domainType && t(`terms.domainType.${known.domainType}`),
        ]
          .filter((part) => part !== null && part !== undefined)
          .join(' · '),
    },
    { key: 'status', title: t('certificates.status'), render: (certificate) => <StatusMark certificate={certificate} /> },
    {
      key: 'nextStep',
      title: t('certificates.nextStep'),
      render: ({ nextStep }) => (
        <>
          <div>
            <Sentence of={nextStep.text} />
          </div>
          <div className="muted">{t(`terms.mover.${nextStep.mover}`)}</div>
        </>
      ),
    },
    {
      key: 'estimate',
      title: t('applications.estimate'),
      kind: 'wide',
      render: ({ estimate }) => (estimate === null ? '–' : <Estimate estimate={estimate} />),
    },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (certificate) => <Action label={t(ACTIONS[status])} of={certificate.name} href={applicationPlace(certificate)} />,
    },
  ]
  return <RecordTable label={t(`certificates.statuses.${status}`)} columns={columns} rows={rows} rowKey={({ id }) => id} />
}
