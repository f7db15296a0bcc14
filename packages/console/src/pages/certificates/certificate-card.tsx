/**
 * A certificate as a card, on a screen that has no room for a table.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { memo } from 'react'
import { StatusMark } from '../../components/status-mark.tsx'
import { Validity } from '../../components/validity.tsx'
import type { BrandTitle } from '../../components/brand-title.ts'
import type { Language } from '../../i18n/i18n.ts'
import { SelectBox } from './bulk/select-box.tsx'
import type { Selection } from './bulk/selection.ts'
import { NameCell, NextStepCell, ServedCell, SpecificationCell } from './cells.tsx'
import { RowActions } from './row-actions.tsx'

interface CertificateCardProps {
  readonly certificate: CertificateView
  /** Stands under what it renews, and is not of the filter. */
  readonly isUnder: boolean
  readonly selection: Selection
  /** Of its texts, which listen to nothing: in another one it is drawn anew. */
  readonly language: Language
  readonly brandTitle: BrandTitle
}

export const CertificateCard = memo(({ certificate, isUnder, selection, brandTitle }: CertificateCardProps) => (
  <li className="card" data-certificate={certificate.id} data-new={certificate.isNew || isUnder} data-under={isUnder}>
    <div className="card-head">
      {!isUnder && <SelectBox selection={selection} id={certificate.id} name={certificate.name} />}
      <div className="card-name">
        <NameCell certificate={certificate} brandTitle={brandTitle} isUnder={isUnder} />
      </div>
      <StatusMark certificate={certificate} />
    </div>
    <div className="card-facts">
      <div>
        <Validity certificate={certificate} />
      </div>
      <div>
        <ServedCell certificate={certificate} />
      </div>
    </div>
    <div className="card-facts">
      <div>
        <SpecificationCell certificate={certificate} brandTitle={brandTitle} />
      </div>
    </div>
    <p className="card-next">
      <NextStepCell certificate={certificate} />
    </p>
    <RowActions certificate={certificate} />
  </li>
))
