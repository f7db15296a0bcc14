/**
 * The receipts of the account, or of one certificate, newest first.
 *
 * @module
 */
import type { ReceiptView } from '@evercert/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { EmptyList, ListEnd } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'

const PAGE_SIZE = 50

export function ReceiptsPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const certificateId = params.get('certificate')
  return (
    <>
      <PageHead title={t('shell.receipts')} intro={t('receipts.intro')} />
      <section className="panel" aria-label={t('shell.receipts')}>
        {certificateId !== null && (
          <p>
            {t('receipts.ofOne')} <Link href={certificatePlace(certificateId)}>{t('receipts.thisCertificate')}</Link>
            {' · '}
            <Link href="/receipts">{t('receipts.showAll')}</Link>
          </p>
        )}
        <ReceiptList certificateId={certificateId} />
      </section>
    </>
  )
}

const certificatePlace = (id: string): string => `/certificates/${encodeURIComponent(id)}`
const receiptPlace = (id: string): string => `/receipts/${encodeURIComponent(id)}`

function ReceiptList({ certificateId }: { readonly certificateId: string | null }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const list = useInfiniteQuery({
    queryKey: keys.receiptList(certificateId),
    queryFn: ({ pageParam }) => {
      const place = { limit: PAGE_SIZE, ...(pageParam !== null && { cursor: pageParam }) }
      return certificateId === null ? api.receipts.listAll(place) : api.receipts.list({ id: certificateId, ...place })
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  })
  if (list.isPending) return <Loading />
  if (list.data === undefined) return <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
  const receipts = list.data.pages.flatMap(({ items }) => items)
  if (receipts.length === 0) return <EmptyList title={t('receipts.emptyTitle')} text={t('receipts.emptyText')} />
  return (
    <>
      <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
      <RecordTable label={t('shell.receipts')} columns={columns} rows={receipts} rowKey={({ id }) => id} />
      <ListEnd hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()}>
        {list.hasNextPage ? t('receipts.shown', { count: receipts.length }) : t('receipts.allShown', { count: receipts.length })}
      </ListEnd>
    </>
  )
}

function useColumns(): readonly Column<ReceiptView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'certificate',
      title: t('receipts.certificate'),
      render: ({ id, claims: { certificate } }) => (
        <>
          <Link href={receiptPlace(id)} className="record-name break">
            {certificate.name}
          </Link>
          <div className="muted break">{certificate.names.slice(0, 3).join(', ')}</div>
        </>
      ),
    },
    { key: 'provedAt', title: t('receipts.provedAt'), render: ({ provedAt }) => <Moment at={provedAt} precision="second" /> },
    {
      key: 'endpoints',
      title: t('receipts.addresses'),
      kind: 'number',
      render: ({ claims }) => claims.endpoints.reduce((sum, { addresses }) => sum + addresses.length, 0),
    },
    {
      key: 'replaces',
      title: t('receipts.replaces'),
      render: ({ claims: { replaces } }) => (
        <span className={replaces === null ? 'muted' : 'mono break'}>
          {replaces === null ? t('receipts.nothing') : `${replaces.sha256.slice(0, 16)}…`}
        </span>
      ),
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: ({ id, certificateId, claims: { certificate } }) => (
        <>
          <Action label={t('receipts.open')} of={certificate.name} href={receiptPlace(id)} />
          <Action label={t('receipts.toCertificate')} of={certificate.name} href={certificatePlace(certificateId)} />
        </>
      ),
    },
  ]
}
