/**
 * A certificate as a row of the table. A row is a grid, so that the browser leaves out what is not on the screen (`certificates-page.css`); as a
 * grid some browsers would not take it for a row, were it not for the roles.
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
import { CELL, ROW, ROW_HEADER } from './table-roles.ts'

interface CertificateRowProps {
  readonly certificate: CertificateView
  /** Stands under what it renews, and is not of the filter. */
  readonly isUnder: boolean
  readonly selection: Selection
  /** Of its texts, which listen to nothing: in another one it is drawn anew. */
  readonly language: Language
  readonly brandTitle: BrandTitle
}

export const CertificateRow = memo(({ certificate, isUnder, selection, brandTitle }: CertificateRowProps) => (
  <tr {...ROW} data-certificate={certificate.id} data-new={certificate.isNew || isUnder} data-under={isUnder}>
    <td {...CELL} className="column-select">
      {!isUnder && <SelectBox selection={selection} id={certificate.id} name={certificate.name} />}
    </td>
    <th {...ROW_HEADER}>
      <NameCell certificate={certificate} brandTitle={brandTitle} isUnder={isUnder} />
    </th>
    <td {...CELL} className="column-specification">
      <SpecificationCell certificate={certificate} brandTitle={brandTitle} />
    </td>
    <td {...CELL} className="column-status">
      <StatusMark certificate={certificate} />
    </td>
    <td {...CELL}>
      <Validity certificate={certificate} />
    </td>
    <td {...CELL} className="column-served">
      <ServedCell certificate={certificate} />
    </td>
    <td {...CELL} className="column-nextStep">
      <NextStepCell certificate={certificate} />
    </td>
    <td {...CELL}>
      <RowActions certificate={certificate} />
    </td>
  </tr>
))
