/**
 * Every endpoint of the account with the proof of each of its addresses; those that do not serve their certificate first.
 *
 * @module
 */
import type { EndpointView, ProbeEvent } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { Action } from '../../components/action.tsx'
import { CertificateLink } from '../../components/certificate-link.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { joinSentences } from '../../components/join-list.ts'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useSaid } from '../../components/said.tsx'
import { SiteKey } from '../../components/site-key.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useShown } from '../../components/use-shown.ts'
import { pick } from '../../i18n/i18n.ts'
import './endpoints-page.css'
import { EndpointsHead } from './endpoints-head.tsx'
import { endpointState, sortEndpoints } from './verdict-order.ts'

type SeenAddress = Extract<ProbeEvent, { readonly kind: 'address' }>

const REFRESH_MS = 15_000
const TONES = { fault: 'bad', unproved: 'todo', served: 'good' } as const

export function EndpointsPage() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [result, say] = useSaid()
  const [seen, setSeen] = useState<readonly SeenAddress[]>([])
  const endpoints = useQuery({ queryKey: keys.endpoints, queryFn: () => api.endpoints.list(), refetchInterval: REFRESH_MS })
  const probe = useMutation({
    mutationFn: async ({ certificateId: id }: EndpointView) => {
      for await (const event of await api.certificates.probe({ id })) {
        if (event.kind === 'address') setSeen((before) => [...before, event])
      }
      return api.certificates.get({ id })
    },
    onMutate: () => {
      say(null)
      setSeen([])
    },
    onSuccess: async ({ name, nextStep }) => {
      say((t) => t('endpoints.probed', { name, sentence: pick(nextStep.text) }))
      await queries.invalidateQueries({ queryKey: keys.endpoints })
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
    onSettled: () => setSeen([]),
  })
  return (
    <>
      <EndpointsHead result={result} />
      <ProblemNotice error={probe.error} />
      <section className="panel" aria-label={t('endpoints.title')}>
        <QueryView query={endpoints}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyList title={t('endpoints.emptyTitle')} text={t('endpoints.emptyText')}>
                <Link href="/">{t('shell.back')}</Link>
              </EmptyList>
            ) : (
              <EndpointTable
                endpoints={items}
                busyId={probe.isPending ? probe.variables.certificateId : null}
                seen={seen}
                onProbe={(endpoint) => probe.mutate(endpoint)}
              />
            )
          }
        </QueryView>
      </section>
    </>
  )
}

interface EndpointTableProps {
  readonly endpoints: readonly EndpointView[]
  /** The certificate that is being probed. */
  readonly busyId: string | null
  /** What the probe under way has seen so far. */
  readonly seen: readonly SeenAddress[]
  readonly onProbe: (endpoint: EndpointView) => void
}

function EndpointTable({ endpoints, busyId, seen, onProbe }: EndpointTableProps) {
  const { t } = useTranslation()
  const lacking = useLacking('certificates.probe')
  const { rows, all, showMore } = useShown(sortEndpoints(endpoints))
  const columns: Column<EndpointView>[] = [
    {
      key: 'name',
      title: t('endpoints.endpoint'),
      kind: 'name',
      render: ({ host, port, serverName, keyKind }) => (
        <>
          {host}
          <wbr />:{port}
          <SiteKey keyKind={keyKind} />
          {serverName !== host && <div className="muted endpoint-sni">SNI {serverName}</div>}
        </>
      ),
    },
    {
      key: 'certificate',
      title: t('endpoints.certificate'),
      render: ({ certificateId }) => <CertificateLink id={certificateId} />,
    },
    {
      key: 'state',
      title: t('endpoints.proof'),
      render: (endpoint) => {
        const state = endpointState(endpoint)
        return <Mark tone={TONES[state]}>{t(`endpoints.states.${state}`)}</Mark>
      },
    },
    {
      key: 'addresses',
      title: t('endpoints.addresses'),
      render: (endpoint) =>
        endpoint.certificateId === busyId ? (
          <Arriving seen={seen.filter(({ endpointId }) => endpointId === endpoint.id)} />
        ) : (
          <Addresses endpoint={endpoint} />
        ),
    },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (endpoint) => (
        <Action
          label={t('certificates.probe')}
          of={endpoint.host}
          reason={lacking ?? (busyId === endpoint.certificateId ? t('endpoints.probing') : null)}
          onClick={() => onProbe(endpoint)}
        />
      ),
    },
  ]
  return (
    <>
      <RecordTable label={t('endpoints.title')} columns={columns} rows={rows} rowKey={({ id }) => id} />
      <div className="records-end muted">
        <span role="status">{t('endpoints.shown', { count: rows.length, all })}</span>
        {showMore !== null && <Button onClick={showMore}>{t('certificates.loadMore')}</Button>}
      </div>
    </>
  )
}

/** The verdicts of the probe under way, as they arrive. */
function Arriving({ seen }: { readonly seen: readonly SeenAddress[] }) {
  const { t } = useTranslation()
  return (
    <div aria-live="polite">
      <ul className="endpoint-addresses">
        {seen.map(({ address, verdict }) => (
          <li key={address}>
            <span className="mono">{address}</span>{' '}
            <Mark tone={verdict === 'served' ? 'good' : 'bad'}>{t(`terms.verdict.${verdict}`)}</Mark>
          </li>
        ))}
      </ul>
      <span className="muted">{t('endpoints.probing')}</span>
    </div>
  )
}

function Addresses({ endpoint: { observations } }: { readonly endpoint: EndpointView }) {
  const { t } = useTranslation()
  if (observations.length === 0) return <span className="muted">{t('endpoints.notProbed')}</span>
  return (
    <ul className="endpoint-addresses">
      {observations.map(({ address, keyKind, verdict, cause, remedy, observedAt }) => (
        <li key={`${address} ${keyKind ?? ''}`}>
          <span className="mono">{address}</span>{' '}
          <Mark tone={verdict === 'served' ? 'good' : 'bad'}>{t(`terms.verdict.${verdict}`)}</Mark>
          <div className="muted">
            <Moment at={observedAt} />
          </div>
          {verdict !== 'served' && <div className="endpoint-cause">{joinSentences([pick(cause), pick(remedy)])}</div>}
        </li>
      ))}
    </ul>
  )
}
