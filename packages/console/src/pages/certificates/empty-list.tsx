/**
 * A list without a row says what is true: nothing expires, nothing fits, or nothing is there; and what can be done about it by who looks.
 *
 * @module
 */
import type { CertificateStatusView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMe } from '../../api/use-me.ts'
import { CopyText } from '../../components/copy-text.tsx'
import { joinList } from '../../components/join-list.ts'
import { LinkButton } from '../../components/link-button.tsx'
import { isFiltered, type ListState } from './list-query.ts'

/** Not in the list unless somebody asks for them. */
const HIDDEN: readonly CertificateStatusView[] = ['cancelled', 'refunded', 'closed']

interface EmptyListProps {
  readonly state: ListState
  readonly onClear: () => void
}

export function EmptyList({ state, onClear }: EmptyListProps) {
  const { t } = useTranslation()
  const { status, sort: _sort, ...others } = state
  if (status === 'expiringSoon' && !isFiltered(others)) {
    return (
      <div className="empty">
        <p className="empty-title">{t('certificates.emptyExpiring')}</p>
        <WindowText />
        <Button onClick={onClear}>{t('certificates.clear')}</Button>
      </div>
    )
  }
  if (isFiltered(state)) {
    return (
      <div className="empty">
        <p className="empty-title">{t('certificates.emptyFiltered')}</p>
        <Button onClick={onClear}>{t('certificates.clear')}</Button>
      </div>
    )
  }
  return <NothingHere />
}

const useCounts = () => useQuery({ queryKey: keys.counts, queryFn: () => api.certificates.counts({}) })

/** As the installation is configured. */
function WindowText() {
  const { t } = useTranslation()
  const { data } = useCounts()
  if (data === undefined) return null
  const { days: count, timeZone } = data.renewalWindow
  return (
    <p className="muted">
      {timeZone === null
        ? t('certificates.emptyExpiringMore', { count })
        : t('certificates.emptyExpiringDays', { count, timeZone })}
    </p>
  )
}

function NothingHere() {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const counts = useCounts()
  const hidden = (counts.data?.items ?? [])
    .filter(({ status }) => HIDDEN.includes(status))
    .reduce((sum, { count }) => sum + count, 0)
  const tags = me?.token?.tags ?? null
  if (tags !== null) {
    return (
      <div className="empty">
        <p className="empty-title">{t('certificates.emptyNarrowed', { tags: joinList(tags) })}</p>
      </div>
    )
  }
  return (
    <div className="empty">
      <p className="empty-title">
        {hidden > 0 ? t('certificates.emptyHidden', { count: hidden }) : t('certificates.emptyTitle')}
      </p>
      {me !== undefined && <WaysIn scopes={me.scopes} />}
    </div>
  )
}

/** What brings the first one here, as far as the reader may. */
function WaysIn({ scopes }: { readonly scopes: readonly string[] }) {
  const { t } = useTranslation()
  const [isImporting, setImporting] = useState(false)
  const mayUpload = scopes.includes('certificates:write')
  const mayBuy = scopes.includes('orders:write')
  if (!mayUpload && !mayBuy) return <p className="muted">{t('certificates.emptyReadOnly')}</p>
  return (
    <>
      <p className="muted">
        {t(mayUpload && mayBuy ? 'certificates.emptyText' : mayBuy ? 'certificates.emptyBuy' : 'certificates.emptyUpload')}
      </p>
      <div className="empty-ways">
        {mayUpload && <LinkButton href="/upload">{t('certificates.upload')}</LinkButton>}
        {mayBuy && (
          <LinkButton href="/buy" type={mayUpload ? 'default' : 'primary'}>
            {t('certificates.buy')}
          </LinkButton>
        )}
        {mayUpload && (
          <Button aria-expanded={isImporting} aria-controls="empty-import" onClick={() => setImporting(!isImporting)}>
            {t('certificates.import')}
          </Button>
        )}
      </div>
      <div id="empty-import" className="empty-import" hidden={!isImporting}>
        <p>{t('certificates.importText')}</p>
        <CopyText text="evercert import certbot --dry-run" what={t('certificates.import')} />
        <p className="muted">{t('certificates.importMore')}</p>
      </div>
    </>
  )
}
