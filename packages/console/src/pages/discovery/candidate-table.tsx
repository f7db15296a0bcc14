/**
 * Found sites: what each address shows, which certificate it belongs to, and what can be done with it.
 *
 * @module
 */
import type { CandidateView } from '@evercert/contract'
import { readableName } from '@evercert/pki/readable-name'
import { useTranslation } from 'react-i18next'
import { Action } from '../../components/action.tsx'
import { CertificateLink } from '../../components/certificate-link.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { pick } from '../../i18n/i18n.ts'
import { siteName } from './candidate-name.ts'

interface CandidateTableProps {
  readonly candidates: readonly CandidateView[]
  readonly onAdopt: (candidate: CandidateView) => void
  readonly onForget: (candidate: CandidateView) => void
}

export function CandidateTable({ candidates, onAdopt, onForget }: CandidateTableProps) {
  const { t } = useTranslation()
  const columns: Column<CandidateView>[] = [
    {
      key: 'site',
      title: t('discovery.site'),
      kind: 'name',
      render: ({ host, port, serverName, protocol }) => (
        <>
          {siteName({ host, port })}
          {serverName !== host && <div className="muted found-sni">SNI {serverName}</div>}
          {protocol !== 'tls' && <div className="muted found-sni">{protocol.toUpperCase()}</div>}
        </>
      ),
    },
    { key: 'addresses', title: t('discovery.addresses'), render: ({ addresses }) => <Addresses addresses={addresses} /> },
    {
      key: 'belongs',
      title: t('discovery.belongs'),
      render: ({ certificateId, matchedBy }) =>
        certificateId === null ? (
          <span className="muted">{t('discovery.none')}</span>
        ) : (
          <>
            <CertificateLink id={certificateId} />
            {matchedBy !== null && <div className="muted">{t(`discovery.by.${matchedBy}`)}</div>}
          </>
        ),
    },
    { key: 'seen', title: t('discovery.seen'), kind: 'wide', render: ({ observedAt }) => <Moment at={observedAt} /> },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (candidate) => (
        <>
          <Action label={t('discovery.adopt')} of={siteName(candidate)} onClick={() => onAdopt(candidate)} />
          <Action label={t('discovery.forget')} of={siteName(candidate)} onClick={() => onForget(candidate)} />
        </>
      ),
    },
  ]
  return <RecordTable label={t('discovery.list')} columns={columns} rows={candidates} rowKey={({ id }) => id} />
}

function Addresses({ addresses }: Pick<CandidateView, 'addresses'>) {
  const { t } = useTranslation()
  return (
    <ul className="found-list">
      {addresses.map(({ address, verdict, subject, issuer, notAfter, cause, remedy }) => (
        <li key={address}>
          <span className="mono">{address}</span>{' '}
          <Mark tone={verdict === 'served' ? 'good' : 'warning'}>
            {verdict === 'served' ? t('discovery.valid') : t(`terms.verdict.${verdict}`)}
          </Mark>
          {verdict !== 'served' && (
            <p>
              {pick(cause)} <span className="muted">{pick(remedy)}</span>
            </p>
          )}
          {subject !== null && issuer !== null && (
            <p className="muted break">
              {t('discovery.subject', { subject: readableName(subject), issuer: readableName(issuer) })}
              {notAfter !== null && (
                <>
                  {' · '}
                  {t('discovery.until')} <Moment at={notAfter} precision="day" />
                </>
              )}
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}
