/**
 * What a certificate says of itself, and what was paid for.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { readableName } from '@evercert/pki/readable-name'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyText } from '../../components/copy-text.tsx'
import { knownGradeOf } from '../../components/grade.ts'
import { Moment } from '../../components/moment.tsx'
import { useBrandTitle } from '../../components/brand-title.ts'
import { KeyPlace } from './key-place.tsx'
import { revocationFactOf } from './revocation-fact.tsx'

export function Facts({ certificate }: { readonly certificate: CertificateDetail }) {
  const { t } = useTranslation()
  const {
    id,
    domains,
    ipAddresses,
    knownSpecification: known,
    notBefore,
    notAfter,
    issuer,
    serial,
    sha256,
    entitlement,
    origin,
    orderId,
    revocationCheck,
  } = certificate
  const current = certificate.issuances.find(({ isCurrent }) => isCurrent)
  const rows: readonly (readonly [string, ReactNode])[] = [
    [t('certificate.names'), domains.length === 0 ? null : <Names key="names" domains={domains} />],
    [t('certificate.ipAddresses'), ipAddresses.length === 0 ? null : <Names key="addresses" domains={ipAddresses} />],
    [t('certificates.specification'), known === null ? null : <Specification key="specification" known={known} />],
    [t('certificates.origin'), t(`terms.origin.${origin}`)],
    [t('certificate.validFrom'), notBefore === null ? null : <Moment key="from" at={notBefore} />],
    [t('certificate.validUntil'), notAfter === null ? null : <Moment key="until" at={notAfter} />],
    [t('certificate.entitledUntil'), entitlement === null ? null : <Moment key="entitled" at={entitlement.entitledUntil} />],
    [
      t('certificate.toppedUp'),
      entitlement === null || entitlement.toppedUpDays === 0 ? null : t('terms.days', { count: entitlement.toppedUpDays }),
    ],
    [t('certificate.issuer'), issuer === null ? null : readableName(issuer)],
    [t('certificate.serial'), serial === null ? null : <CopyText key="serial" text={serial} what={t('certificate.serial')} />],
    [t('certificate.key'), current === undefined ? null : <KeyPlace key="key" issuanceKey={current.key} />],
    ['SHA-256', sha256 === null ? null : <CopyText key="sha256" text={sha256} what="SHA-256" />],
    [t('certificate.revocation.title'), revocationFactOf(revocationCheck)],
    [
      t('certificate.order'),
      orderId === null ? null : (
        <span key="order" className="mono break">
          {orderId}
        </span>
      ),
    ],
    [t('certificate.id'), <CopyText key="id" text={id} what={t('certificate.id')} />],
  ]
  return (
    <dl className="facts">
      {rows.map(([name, value]) =>
        value === null ? null : (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd className="break">{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

function Specification({ known }: { readonly known: NonNullable<CertificateDetail['knownSpecification']> }) {
  const { t } = useTranslation()
  const brandTitle = useBrandTitle()
  const { brand, certificateType, domainType, grade } = known
  const parts = [
    brand === null ? null : brandTitle(brand),
    certificateType,
    domainType === null ? null : t(`terms.domainType.${domainType}`),
    knownGradeOf(grade),
  ]
  return parts.filter((part) => part !== null).join(' · ')
}

const NAMES_SHOWN = 10

function Names({ domains }: { readonly domains: readonly string[] }) {
  const { t } = useTranslation()
  const list = (names: readonly string[]) => (
    <ul className="names">
      {names.map((name) => (
        <li key={name}>{name}</li>
      ))}
    </ul>
  )
  const rest = domains.slice(NAMES_SHOWN)
  return (
    <>
      {list(domains.slice(0, NAMES_SHOWN))}
      {rest.length > 0 && (
        <details>
          <summary>{t('certificate.moreNames', { count: rest.length })}</summary>
          {list(rest)}
        </details>
      )}
    </>
  )
}
