/**
 * The certificates that were found, each with a name that can be changed, and what the service says of it.
 *
 * @module
 */
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Action } from '../../components/action.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { pick } from '../../i18n/i18n.ts'
import { certificatePlace } from '../certificates/next-place.ts'
import { MAX_NAME_LENGTH } from './pair-sources.ts'
import type { UploadDraft } from './upload-state.ts'

export interface DraftTableProps {
  readonly drafts: readonly UploadDraft[]
  readonly isBusy: boolean
  readonly onRename: (id: string, name: string) => void
  readonly onRemove: (id: string) => void
}

const DOMAINS_SHOWN = 3

export function DraftTable({ drafts, isBusy, onRename, onRemove }: DraftTableProps) {
  const { t } = useTranslation()
  const [now] = useState(() => Date.now())
  const columns: Column<UploadDraft>[] = [
    {
      key: 'name',
      title: t('upload.name'),
      kind: 'name',
      render: ({ id, name }) => (
        <Input
          value={name}
          maxLength={MAX_NAME_LENGTH}
          disabled={isBusy}
          status={name.trim() === '' ? 'error' : ''}
          aria-invalid={name.trim() === ''}
          aria-label={t('upload.nameOf', { name })}
          onChange={(event) => onRename(id, event.target.value)}
        />
      ),
    },
    {
      key: 'domains',
      title: t('upload.domains'),
      render: ({ domains }) => (
        <>
          {domains.slice(0, DOMAINS_SHOWN).join(', ')}
          {domains.length > DOMAINS_SHOWN && ` ${t('certificates.moreNames', { count: domains.length })}`}
        </>
      ),
    },
    {
      key: 'notAfter',
      title: t('upload.notAfter'),
      render: ({ notAfter }) => (
        <>
          <Moment at={new Date(notAfter).toISOString()} precision="day" />
          {notAfter <= now && <div className="upload-fault">{t('certificates.statuses.expired')}</div>}
        </>
      ),
    },
    {
      key: 'sources',
      title: t('upload.sources'),
      kind: 'wide',
      render: ({ sources }) => <span className="muted">{sources.join(', ')}</span>,
    },
    { key: 'outcome', title: t('upload.outcome'), render: (draft) => <Outcome draft={draft} /> },
    {
      key: 'actions',
      title: t('upload.actions'),
      kind: 'actions',
      render: ({ id, name }) => (
        <Action label={t('upload.remove')} of={name} reason={isBusy ? t('upload.busy') : null} onClick={() => onRemove(id)} />
      ),
    },
  ]
  return <RecordTable label={t('upload.list')} columns={columns} rows={drafts} rowKey={({ id }) => id} />
}

function Outcome({ draft: { privateKeyPem, outcome } }: { readonly draft: UploadDraft }) {
  const { t } = useTranslation()
  if (privateKeyPem === null) return <div className="upload-fault">{t('upload.noKey')}</div>
  if (outcome === null) return <Mark tone="todo">{t('upload.ready')}</Mark>
  if (outcome.result !== 'refused') return <Mark tone="good">{t('upload.wouldBeStored')}</Mark>
  const { cause, remedy, detail, facts } = outcome.problem
  const present = facts['certificateId']
  return (
    <>
      <Mark tone="bad">{t('upload.refused')}</Mark>
      <div>{pick(cause)}</div>
      <div className="muted">{pick(remedy)}</div>
      {typeof present === 'string' && <Link href={certificatePlace({ id: present })}>{t('upload.present')}</Link>}
      <details>
        <summary>{t('problem.detail')}</summary>
        <p className="break" lang="en">
          {detail}
        </p>
      </details>
    </>
  )
}
