/**
 * What is done to the selected certificates: the bar that counts them, and its dialogs.
 *
 * @module
 */
import { MAX_SELECTED, type CertificateView, type Scope } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Tooltip from 'antd/es/tooltip'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { keys } from '../../../api/keys.ts'
import { isOf, personOf } from '../../../app/kept-drafts.ts'
import { useListExport } from '../use-list-export.ts'
import type { BulkAction, Opened } from './bulk-dialog.tsx'
import './bulk.css'
import { ExportSelected, ExportState } from './export-selected.tsx'
import { forgetRenewals, loadKeptRenewals, type KeptRenewals } from './kept-renewals.ts'
import type { Selection } from './selection.ts'
import { useSelectedIds } from './use-selection.ts'

const BulkDialog = lazy(async () => ({ default: (await import('./bulk-dialog.tsx')).BulkDialog }))

const ACTIONS = [
  { action: 'renew', scope: 'orders:write', denied: 'life.reasons.ordersScope' },
  { action: 'apply', scope: 'certificates:write', denied: 'life.reasons.certificatesScope' },
  { action: 'manage', scope: 'orders:write', denied: 'life.reasons.ordersScope' },
  { action: 'deploy', scope: 'targets:write', denied: 'bulk.targetsScope' },
  { action: 'tag', scope: 'certificates:write', denied: 'life.reasons.certificatesScope' },
] as const satisfies readonly { readonly action: BulkAction; readonly scope: Scope; readonly denied: string }[]
interface BulkActionsProps {
  readonly selection: Selection
  /** Those that are shown. */
  readonly certificates: readonly CertificateView[]
}

export function BulkActions({ selection, certificates }: BulkActionsProps) {
  const me = useQuery({ queryKey: keys.me, queryFn: () => api.me.get(), staleTime: Infinity })
  const selectedIds = useSelectedIds(selection)
  const selected = certificates.filter(({ id }) => selectedIds.has(id))
  const [opened, setOpened] = useState<Opened | null>(null)
  const [kept, setKept] = useState<KeptRenewals | null>(null)
  const lookForKept = (): void => void loadKeptRenewals().then(setKept)
  useEffect(lookForKept, [])
  if (me.data === undefined) return null
  const { scopes, account } = me.data
  const owner = { accountId: account?.id ?? null, personId: personOf(me.data) }
  const isInterrupted = kept !== null && isOf(kept, owner) && opened === null
  return (
    <>
      {isInterrupted && (
        <Interrupted
          kept={kept}
          onResume={() => setOpened({ action: 'resume', kept })}
          onForget={() => {
            forgetRenewals()
            setKept(null)
          }}
        />
      )}
      {selected.length > 0 && (
        <Bar
          ids={selected.map(({ id }) => id)}
          scopes={scopes}
          onOpen={(action) => setOpened({ action, certificates: selected })}
          onClear={selection.clear}
        />
      )}
      {opened !== null && (
        <Suspense fallback={null}>
          <BulkDialog
            opened={opened}
            scopes={scopes}
            owner={owner}
            onClose={(done) => {
              selection.change(done, false)
              setOpened(null)
              lookForKept()
            }}
          />
        </Suspense>
      )}
    </>
  )
}

interface InterruptedProps {
  readonly kept: KeptRenewals
  readonly onResume: () => void
  readonly onForget: () => void
}

/** The tab was loaded anew, or another page was opened, while renewals were under way. */
function Interrupted({ kept: { items, outcomes }, onResume, onForget }: InterruptedProps) {
  const { t } = useTranslation()
  const done = Object.values(outcomes).filter(({ result }) => result === 'done').length
  return (
    <Alert
      className="bulk-warning"
      type="warning"
      showIcon
      title={t('bulk.interrupted', { done, all: items.length })}
      description={t('bulk.interruptedText')}
      action={
        <span className="bulk-bar-tools">
          <Button size="small" type="primary" onClick={onResume}>
            {t('bulk.look')}
          </Button>
          <Button size="small" onClick={onForget}>
            {t('bulk.forget')}
          </Button>
        </span>
      }
    />
  )
}

interface BarProps {
  readonly ids: readonly string[]
  readonly scopes: readonly Scope[]
  readonly onOpen: (action: BulkAction) => void
  readonly onClear: () => void
}

function Bar({ ids, scopes, onOpen, onClear }: BarProps) {
  const { t } = useTranslation()
  const save = useListExport()
  const count = ids.length
  const tooMany = count > MAX_SELECTED ? t('bulk.tooMany', { count: MAX_SELECTED }) : null
  return (
    <section className="bulk-bar" aria-label={t('bulk.bar')}>
      <span role="status" className="bulk-bar-count">
        {t('bulk.selected', { count })}
      </span>
      <Button type="text" onClick={onClear}>
        {t('bulk.clear')}
      </Button>
      <span className="bulk-bar-tools">
        {ACTIONS.map(({ action, scope, denied }) => (
          <BarButton
            key={action}
            label={t(`bulk.${action}`)}
            reason={tooMany ?? (scopes.includes(scope) ? null : t(denied))}
            onClick={() => onOpen(action)}
          />
        ))}
        {tooMany === null ? (
          <ExportSelected ids={ids} save={save} />
        ) : (
          <BarButton label={t('certificates.export')} reason={tooMany} onClick={() => undefined} />
        )}
      </span>
      <ExportState ids={ids} save={save} />
    </section>
  )
}

interface BarButtonProps {
  readonly label: string
  /** Why it cannot be used; null: it can. */
  readonly reason: string | null
  readonly onClick: () => void
}

function BarButton({ label, reason, onClick }: BarButtonProps) {
  if (reason === null) return <Button onClick={onClick}>{label}</Button>
  return (
    <Tooltip title={reason} trigger={['hover', 'focus']}>
      <Button className="unavailable" aria-disabled="true" aria-label={`${label}: ${reason}`}>
        {label}
      </Button>
    </Tooltip>
  )
}
