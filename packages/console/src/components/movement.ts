/**
 * Movements of money as people read them.
 *
 * @module
 */
import type { MoneyView } from '@evercert/contract'
import { currentLanguage, TAGS } from '../i18n/i18n.ts'
import { fractionDigits } from './amount.ts'

/** A movement: what comes in has a plus. */
export function formatMovement({ amountMinor, currency }: MoneyView): string {
  const digits = fractionDigits(currency)
  const format = new Intl.NumberFormat(TAGS[currentLanguage()], { style: 'currency', currency, signDisplay: 'exceptZero' })
  return format.format(amountMinor / 10 ** digits)
}
