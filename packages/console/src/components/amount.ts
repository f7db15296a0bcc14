/**
 * Amounts as people type them, and the currencies that they are in.
 *
 * @module
 */
import { minorDigits } from '@evercert/contract'

/** Minor units of what was typed, for instance `1,234.5`; null when it is no amount of this currency. */
export function parseAmount(text: string, currency: string): number | null {
  const match = /^(\d{1,13})(?:\.(\d+))?$/.exec(text.trim().replaceAll(/[,，\s]/g, ''))
  if (match === null) return null
  const [, whole = '', fraction = ''] = match
  const digits = minorDigits(currency)
  if (fraction.length > digits) return null
  return Number(whole + fraction.padEnd(digits, '0'))
}

/** What {@link parseAmount} reads back. */
export function amountText(amountMinor: number, currency: string): string {
  const digits = minorDigits(currency)
  return (amountMinor / 10 ** digits).toFixed(digits)
}
