/**
 * Backups, for the operator: which ones the service was read for, and how one is made, tried and restored. The files are where the
 * operator put them: the service does not know whether they are still there, nor whether they are whole.
 *
 * @module
 */
import type { AuditEntryView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { formatMoment, Moment } from '../../components/moment.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { OUTCOME_TONES } from '../audit/audit-words.ts'
import { CommandList } from './command-list.tsx'

const SHOWN = 5
const ACTION = 'backups.create'
/** Older than this, what was renewed and paid since is more than anybody wants to do again. */
const OLD_MS = 7 * 86_400_000

export function BackupsTab() {
  const { t } = useTranslation()
  const [day] = useState(() => new Date().toISOString().slice(0, 10))
  const file = `evercert-${day}.age`
  const made = useQuery({
    queryKey: keys.backups,
    queryFn: () => api.audit.list({ action: ACTION, installation: true, limit: SHOWN }),
  })
  return (
    <>
      <section className="panel" aria-label={t('installation.lastBackups')}>
        <h2>{t('installation.lastBackups')}</h2>
        <QueryView query={made}>{({ items }) => <Made entries={items} />}</QueryView>
      </section>
      <section className="panel" aria-label={t('installation.makeBackup')}>
        <h2>{t('installation.makeBackup')}</h2>
        <p className="muted">{t('installation.makeBackupText')}</p>
        <CommandList
          items={[
            {
              text: t('installation.passphraseText'),
              command: 'read -rs EVERCERT_BACKUP_PASSPHRASE; export EVERCERT_BACKUP_PASSPHRASE',
            },
            { text: t('installation.backupText'), command: `evercert backup ${file}` },
            { text: t('installation.tryText'), command: `evercert restore --check ${file}` },
          ]}
        />
      </section>
      <section className="panel" aria-label={t('installation.restore')}>
        <h2>{t('installation.restore')}</h2>
        <p className="muted">{t('installation.restoreText')}</p>
        <CommandList
          items={[
            { text: t('installation.restoreInto'), command: `EVERCERT_DATA_DIR=/srv/evercert evercert restore ${file}` },
            { text: t('installation.restoreStart'), command: 'EVERCERT_DATA_DIR=/srv/evercert evercert serve' },
          ]}
        />
      </section>
    </>
  )
}

function Made({ entries }: { readonly entries: readonly AuditEntryView[] }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const [now] = useState(() => Date.now())
  const last = entries.find(({ outcome }) => outcome === 'done')
  const warn = (title: string) => (
    <Alert className="key-warning" type="warning" showIcon role="none" title={title} description={t('installation.warnText')} />
  )
  return (
    <>
      {last === undefined && warn(t('installation.noBackup'))}
      {last !== undefined &&
        now - Date.parse(last.at) > OLD_MS &&
        warn(t('installation.oldBackup', { day: formatMoment(last.at, 'day') }))}
      {entries.length > 0 && (
        <RecordTable label={t('installation.lastBackups')} columns={columns} rows={entries} rowKey={({ id }) => id} />
      )}
      <p className="muted">{t('installation.madeText')}</p>
      <p>
        <Link href={`/audit?action=${ACTION}&installation=true`}>{t('installation.inAudit')}</Link>
      </p>
    </>
  )
}

function useColumns(): readonly Column<AuditEntryView>[] {
  const { t } = useTranslation()
  return [
    { key: 'at', title: t('installation.readAt'), render: ({ at }) => <Moment at={at} /> },
    { key: 'who', title: t('audit.who'), render: ({ actor }) => <span className="break">{actor}</span> },
    { key: 'from', title: t('installation.address'), render: ({ address }) => <span className="mono">{address ?? '–'}</span> },
    {
      key: 'outcome',
      title: t('audit.outcome'),
      render: ({ outcome }) => <Mark tone={OUTCOME_TONES[outcome]}>{t(`audit.outcomes.${outcome}`)}</Mark>,
    },
  ]
}
