/**
 * The four attributes of the old certificate and of the product, side by side.
 *
 * @module
 */
import type { KnownSpecificationView, QuoteView, SpecificationView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { gradeOf } from '../../components/grade.ts'
import { NotCarriedOver } from '../../components/not-carried-over.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useBrandTitle } from '../../components/brand-title.ts'
import { pick } from '../../i18n/i18n.ts'

const ATTRIBUTES = ['domainType', 'certificateType', 'grade', 'brand'] as const

interface ComparisonProps {
  readonly known: KnownSpecificationView | null
  readonly chosen: SpecificationView | null
  /** What the service says of the two; null before it was asked. */
  readonly quote: QuoteView | null
}

export function Comparison({ known, chosen, quote }: ComparisonProps) {
  const { t } = useTranslation()
  const brandTitle = useBrandTitle()
  const textOf = (specification: KnownSpecificationView | null, attribute: (typeof ATTRIBUTES)[number]): string => {
    const value = specification?.[attribute] ?? null
    if (value === null) return t('terms.unknown')
    const domainType = specification?.domainType ?? null
    if (attribute === 'grade') return gradeOf(value)
    if (attribute === 'brand') return brandTitle(value)
    return attribute === 'domainType' && domainType !== null ? t(`terms.domainType.${domainType}`) : value
  }
  const sentence = chosen === null ? null : (quote?.comparison ?? null)
  return (
    <div className="comparison">
      <table>
        <caption className="visually-hidden">{t('renewal.comparison')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('renewal.attribute')}</th>
            <th scope="col">{t('renewal.oldCertificate')}</th>
            <th scope="col">{t('renewal.newCertificate')}</th>
            <th scope="col">{t('renewal.match')}</th>
          </tr>
        </thead>
        <tbody>
          {ATTRIBUTES.map((attribute) => (
            <tr key={attribute}>
              <th scope="row">{t(`terms.attribute.${attribute}`)}</th>
              <td>{textOf(known, attribute)}</td>
              <td>{chosen === null ? '–' : textOf(chosen, attribute)}</td>
              <td>{chosen !== null && quote !== null && <Match quote={quote} attribute={attribute} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sentence !== null && <p className="muted">{pick(sentence)}</p>}
      <NotCarriedOver lost={quote?.notCarriedOver ?? null} />
    </div>
  )
}

function Match({ quote, attribute }: { readonly quote: QuoteView; readonly attribute: (typeof ATTRIBUTES)[number] }) {
  const { t } = useTranslation()
  if (quote.unknown.includes(attribute)) return <Mark tone="ended">{t('renewal.unknownMatch')}</Mark>
  return quote.changed.includes(attribute) ? (
    <Mark tone="warning">{t('renewal.different')}</Mark>
  ) : (
    <Mark tone="good">{t('renewal.same')}</Mark>
  )
}
