/**
 * Sites of a certificate with what each of their addresses was seen to serve: the only proof that counts.
 *
 * @module
 */
import type { EndpointView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { pick } from '../i18n/i18n.ts'
import { joinSentences } from './join-list.ts'
import { Moment } from './moment.tsx'
import { SiteKey } from './site-key.tsx'
import { Mark } from './status-mark.tsx'
import './endpoint-list.css'

type Observation = EndpointView['observations'][number]

export function EndpointList({ endpoints }: { readonly endpoints: readonly EndpointView[] }) {
  const { t } = useTranslation()
  if (endpoints.length === 0) return <p className="muted">{t('certificate.noEndpoints')}</p>
  return (
    <ul className="endpoints">
      {endpoints.map((endpoint) => (
        <li key={endpoint.id}>
          <strong className="break">
            {endpoint.host}
            <wbr />:{endpoint.port}
          </strong>
          <SiteKey keyKind={endpoint.keyKind} />
          {endpoint.serverName !== endpoint.host && (
            <span className="muted">
              {endpoint.keyKind !== null && ' ·'} SNI {endpoint.serverName}
            </span>
          )}
          {endpoint.observations.length === 0 && <p className="muted">{t('certificate.notProbed')}</p>}
          <ul className="observations">
            {endpoint.observations.map((observation) => (
              <ObservationRow key={`${observation.address} ${observation.keyKind ?? ''}`} observation={observation} />
            ))}
          </ul>
        </li>
      ))}
    </ul>
  )
}

function ObservationRow({ observation }: { readonly observation: Observation }) {
  const { t } = useTranslation()
  const { address, verdict, sha256, notAfter, cause, remedy, observedAt } = observation
  return (
    <li>
      <div className="observation-head">
        <code className="mono">{address}</code>
        <Mark tone={verdict === 'served' ? 'good' : verdict === 'oldCertificate' ? 'warning' : 'bad'}>
          {t(`terms.verdict.${verdict}`)}
        </Mark>
        <span className="muted">
          <Moment at={observedAt} precision="second" />
        </span>
      </div>
      {verdict !== 'served' && <p className="observation-why">{joinSentences([pick(cause), pick(remedy)])}</p>}
      {sha256 !== null && (
        <p className="muted mono break observation-print" title={sha256}>
          SHA-256 {sha256.slice(0, 16)}…
          {notAfter !== null && (
            <>
              {' · '}
              {t('certificate.seenUntil')} <Moment at={notAfter} />
            </>
          )}
        </p>
      )}
    </li>
  )
}
