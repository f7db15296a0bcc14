/**
 * Amounts as people write them.
 *
 * @module
 */
import { minorDigits, type MoneyView } from '@evercert/contract'
import { currentLanguage, TAGS } from '../i18n/i18n.ts'

export function formatMoney({ amountMinor, currency }: MoneyView, signDisplay: 'auto' | 'exceptZero' = 'auto'): string {
  const digits = minorDigits(currency)
  const format = new Intl.NumberFormat(TAGS[currentLanguage()], {
    style: 'currency',
    currency,
    signDisplay,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return format.format(amountMinor / 10 ** digits)
}
