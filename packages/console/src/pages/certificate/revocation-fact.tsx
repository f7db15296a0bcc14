/**
 * Whether its CA says that a certificate is revoked: since when, by whose word, asked when, or why nobody knows.
 *
 * @module
 */
import type { RevocationCheckView } from '@evercert/contract'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { joinSentences } from '../../components/join-list.ts'
import { Moment } from '../../components/moment.tsx'
import { pick } from '../../i18n/i18n.ts'

/** Null while nothing is issued. */
export function revocationFactOf(check: RevocationCheckView | null): ReactNode {
  return check === null ? null : <RevocationFact key="revocation" check={check} />
}

function RevocationFact({ check }: { readonly check: RevocationCheckView }) {
  const { t } = useTranslation()
  const { state, source, checkedAt, revokedAt, reason, problem } = check
  return (
    <>
      <div className={state === 'revoked' ? 'form-fault' : undefined}>
        {t(`certificate.revocation.${state}`)}
        {revokedAt !== null && (
          <>
            {' '}
            <Moment at={revokedAt} />
          </>
        )}
        {reason !== null && ` · ${t(`certificate.revocation.reasons.${reason}`, { defaultValue: reason })}`}
        {source !== null && state !== 'unknown' && ` · ${t(`certificate.revocation.sources.${source}`)}`}
      </div>
      {checkedAt !== null && (
        <div className="muted">
          {t('certificate.revocation.checkedAt')} <Moment at={checkedAt} />
        </div>
      )}
      {problem !== null && <div className="muted">{joinSentences([pick(problem.cause), pick(problem.remedy)])}</div>}
    </>
  )
}
