/**
 * The whole renewal chain of a certificate: what it renews, what renewed it, and so on.
 *
 * @module
 */
import type { CertificateDetail, LineageView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Moment } from '../../components/moment.tsx'
import { StatusMark } from '../../components/status-mark.tsx'
import { labelled } from '../../components/join-list.ts'
import './lineage.css'

export function Lineage({ certificate }: { readonly certificate: CertificateDetail }) {
  const { t } = useTranslation()
  const { id, renewalProcess, lineage } = certificate
  return (
    <>
      {lineage.earlier > 0 && <p className="muted">{t('certificate.lineageEarlier', { count: lineage.earlier })}</p>}
      <ol className="lineage">
        {lineage.members.map((member) => (
          <Member key={member.id} member={member} isThis={member.id === id} />
        ))}
      </ol>
      {lineage.later > 0 && <p className="muted">{t('certificate.lineageLater', { count: lineage.later })}</p>}
      {renewalProcess !== null && (
        <p className="lineage-state">
          {labelled(t('certificate.renewalState'), t(`certificate.renewalStates.${renewalProcess.state}`))}
          {renewalProcess.closedAt !== null && (
            <>
              {' '}
              <Moment at={renewalProcess.closedAt} />
            </>
          )}
        </p>
      )}
    </>
  )
}

interface MemberProps {
  readonly member: LineageView['members'][number]
  readonly isThis: boolean
}

function Member({ member, isThis }: MemberProps) {
  const { t } = useTranslation()
  const { id, name, notBefore, notAfter, servedAt } = member
  return (
    <li aria-current={isThis} data-status={member.status}>
      <div className="lineage-head">
        {isThis ? (
          <strong className="break">{name}</strong>
        ) : (
          <Link href={`/certificates/${encodeURIComponent(id)}`} className="break">
            {name}
          </Link>
        )}
        <StatusMark certificate={member} />
      </div>
      <p className="muted">
        {notBefore === null || notAfter === null ? (
          t('certificates.notIssued')
        ) : (
          <>
            <Moment at={notBefore} precision="day" /> – <Moment at={notAfter} precision="day" />
          </>
        )}
        {servedAt !== null && ` · ${t('certificates.provedAt')}`}
        {isThis && ` · ${t('certificate.lineageThis')}`}
      </p>
    </li>
  )
}
