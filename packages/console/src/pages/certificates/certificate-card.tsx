/**
 * A certificate as a card, on a screen that has no room for a table.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { memo } from 'react'
import { StatusMark } from '../../components/status-mark.tsx'
import { Validity } from '../../components/validity.tsx'
import { NameCell, NextStepCell, ServedCell, SpecificationCell } from './cells.tsx'
import { RowActions } from './row-actions.tsx'

export const CertificateCard = memo(({ certificate }: { readonly certificate: CertificateView }) => (
  <li className="card" data-certificate={certificate.id} data-new={certificate.isNew}>
    <div className="card-head">
      <div>
        <NameCell certificate={certificate} />
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
        <SpecificationCell certificate={certificate} />
      </div>
    </div>
    <p className="card-next">
      <NextStepCell certificate={certificate} />
    </p>
    <RowActions certificate={certificate} />
  </li>
))
