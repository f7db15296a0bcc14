/**
 * Amounts as people write them.
 *
 * @module
 */
import type { MoneyView } from '@evercert/contract'
import { currentLanguage, TAGS } from '../i18n/i18n.ts'

export function formatMoney({ amountMinor, currency }: MoneyView): string {
  const format = new Intl.NumberFormat(TAGS[currentLanguage()], { style: 'currency', currency })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  return format.format(amountMinor / 10 ** digits)
}
