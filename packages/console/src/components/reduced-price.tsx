/**
 * A price, and what a promotion took off it.
 *
 * @module
 */
import type { QuoteView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { pick } from '../i18n/i18n.ts'
import { formatMoney } from './money.ts'
import './promotion-code.css'

export function ReducedPrice({
  of: { price, listPrice, discount },
}: {
  readonly of: Pick<QuoteView, 'price' | 'listPrice' | 'discount'>
}) {
  const { t } = useTranslation()
  if (discount === null) return formatMoney(price)
  return (
    <>
      <s className="list-price">
        <span className="visually-hidden">{t('promotions.before')} </span>
        {formatMoney(listPrice)}
      </s>
      <span className="reduced-price">{formatMoney(price)}</span>
      <span className="discount-note">
        {pick(discount.title)} −{formatMoney(discount.amount)}
      </span>
    </>
  )
}
