/**
 * What a promotion makes of prices, as people see them.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { formatMoney } from '../../components/money.ts'
import { pick } from '../../i18n/i18n.ts'
import type { ExamplePrice } from './example-prices.ts'
import './promotions-page.css'

export function Examples({ prices }: { readonly prices: readonly ExamplePrice[] }) {
  const { t } = useTranslation()
  return (
    <ul className="example-prices">
      {prices.map(({ product, termYears, before, after }) => (
        <li key={`${product.id} ${termYears}`}>
          <div className="muted">
            {pick(product.title)} · {t('terms.years', { count: termYears })}
          </div>
          <span className="number nowrap">
            <s>
              <span className="visually-hidden">{t('promotions.before')} </span>
              {formatMoney(before)}
            </s>{' '}
            <strong>
              <span className="visually-hidden">{t('promotions.after')} </span>
              {formatMoney(after)}
            </strong>
          </span>
        </li>
      ))}
    </ul>
  )
}
