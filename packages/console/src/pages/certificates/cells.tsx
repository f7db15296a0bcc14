/**
 * What rows and cards show of a certificate.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { knownGradeOf } from '../../components/grade.ts'
import { LightLink } from '../../components/light-link.tsx'
import { Moment } from '../../components/moment.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { Mark } from '../../components/status-mark.tsx'
import type { BrandTitle } from '../../components/brand-title.ts'
import { t } from '../../i18n/i18n.ts'
import { certificatePlace } from './next-place.ts'

interface CellProps {
  readonly certificate: CertificateView
}

interface BrandedCellProps extends CellProps {
  readonly brandTitle: BrandTitle
}

const NAMES_SHOWN = 1

export function NameCell({ certificate, brandTitle, isUnder }: BrandedCellProps & { readonly isUnder: boolean }) {
  const { name, domains, isNew, origin, managed, tags, knownSpecification } = certificate
  return (
    <>
      {isNew && (
        <span className="new-mark" title={t('certificates.isNewOf')}>
          {t('certificates.isNew')}
          <span className="visually-hidden"> ({t('certificates.isNewOf')}) </span>
        </span>
      )}
      <LightLink href={certificatePlace(certificate)} className="certificate-name break">
        {name}
      </LightLink>
      {(domains.length !== 1 || domains[0] !== name) && (
        <div className="muted break">
          {domains.length === 0 ? t('certificates.noDomains') : domains.slice(0, NAMES_SHOWN).join(', ')}
          {domains.length > NAMES_SHOWN && ` ${t('certificates.moreNames', { count: domains.length })}`}
        </div>
      )}
      {knownSpecification !== null && <SpecificationLine known={knownSpecification} brandTitle={brandTitle} />}
      <div className="tags">
        {isUnder && (
          <span className="tag" title={t('certificates.notFilteredMore')}>
            {t('certificates.notFiltered')}
          </span>
        )}
        {origin === 'uploaded' && <span className="tag">{t('certificates.uploaded')}</span>}
        {managed && <span className="tag">{t('certificates.managed')}</span>}
        {tags.map((tag) => (
          <span key={tag} className="tag break">
            {tag}
          </span>
        ))}
      </div>
    </>
  )
}

type KnownSpecification = NonNullable<CertificateView['knownSpecification']>

interface SpecificationLineProps {
  readonly known: KnownSpecification
  readonly brandTitle: BrandTitle
}

function SpecificationLine({ known, brandTitle }: SpecificationLineProps) {
  const { brand, certificateType, domainType, grade } = known
  const domains = domainType === null ? null : t(`terms.domainType.${domainType}`)
  const parts = [brand === null ? null : brandTitle(brand), certificateType, domains, knownGradeOf(grade)]
  return <div className="name-specification muted break">{parts.filter((part) => part !== null).join(' · ')}</div>
}

export function SpecificationCell({ certificate: { knownSpecification }, brandTitle }: BrandedCellProps) {
  if (knownSpecification === null) return <span className="muted">–</span>
  const { brand, certificateType, domainType, grade } = knownSpecification
  const parts = [certificateType, domainType === null ? null : t(`terms.domainType.${domainType}`), knownGradeOf(grade)]
  return (
    <>
      <div className="break">{brand === null ? t('terms.unknown') : brandTitle(brand)}</div>
      <div className="muted">{parts.filter((part) => part !== null).join(' · ')}</div>
    </>
  )
}

export function ServedCell({ certificate: { servedAt, sha256 } }: CellProps) {
  if (sha256 === null) return <span className="muted">–</span>
  if (servedAt === null) return <Mark tone="ended">{t('certificates.notProved')}</Mark>
  return (
    <>
      <Mark tone="good">{t('certificates.provedAt')}</Mark>
      <div className="muted nowrap">
        <Moment at={servedAt} precision="minute" />
      </div>
    </>
  )
}

export function NextStepCell({ certificate: { nextStep } }: CellProps) {
  return (
    <span data-mover={nextStep.mover}>
      <Sentence of={nextStep.text} isNarrow />
    </span>
  )
}
