/**
 * A certificate as a row of the table.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { memo } from 'react'
import { StatusMark } from '../../components/status-mark.tsx'
import { Validity } from '../../components/validity.tsx'
import { SelectBox } from './bulk/select-box.tsx'
import type { Selection } from './bulk/selection.ts'
import { NameCell, NextStepCell, ServedCell, SpecificationCell } from './cells.tsx'
import { RowActions } from './row-actions.tsx'

interface CertificateRowProps {
  readonly certificate: CertificateView
  readonly selection: Selection
}

export const CertificateRow = memo(({ certificate, selection }: CertificateRowProps) => (
  <tr data-certificate={certificate.id} data-new={certificate.isNew}>
    <td className="column-select">
      <SelectBox selection={selection} id={certificate.id} name={certificate.name} />
    </td>
    <th scope="row">
      <NameCell certificate={certificate} />
    </th>
    <td className="column-specification">
      <SpecificationCell certificate={certificate} />
    </td>
    <td>
      <StatusMark certificate={certificate} />
    </td>
    <td>
      <Validity certificate={certificate} />
    </td>
    <td>
      <ServedCell certificate={certificate} />
    </td>
    <td className="column-nextStep">
      <NextStepCell certificate={certificate} />
    </td>
    <td>
      <RowActions certificate={certificate} />
    </td>
  </tr>
))
