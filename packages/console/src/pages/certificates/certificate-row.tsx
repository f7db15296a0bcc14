/**
 * A certificate as a row of the table.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { memo } from 'react'
import { StatusMark } from '../../components/status-mark.tsx'
import { Validity } from '../../components/validity.tsx'
import { NameCell, NextStepCell, ServedCell, SpecificationCell } from './cells.tsx'
import { RowActions } from './row-actions.tsx'

export const CertificateRow = memo(({ certificate }: { readonly certificate: CertificateView }) => (
  <tr data-certificate={certificate.id} data-new={certificate.isNew}>
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
