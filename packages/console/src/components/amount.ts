/**
 * Amounts as people type them, and the currencies that they are in.
 *
 * @module
 */
/** How many digits stand behind the point: 2 for CNY and USD, 0 for JPY. */
export function fractionDigits(currency: string): number {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency })
    return format.resolvedOptions().maximumFractionDigits ?? 2
  } catch {
    return 2 // not three letters yet: somebody is typing
  }
}

/** Minor units of what was typed, for instance `1,234.5`; null when it is no amount of this currency. */
export function parseAmount(text: string, currency: string): number | null {
  const match = /^(\d{1,13})(?:\.(\d+))?$/.exec(text.trim().replaceAll(/[,，\s]/g, ''))
  if (match === null) return null
  const [, whole = '', fraction = ''] = match
  const digits = fractionDigits(currency)
  if (fraction.length > digits) return null
  return Number(whole + fraction.padEnd(digits, '0'))
}

/** What {@link parseAmount} reads back. */
export function amountText(amountMinor: number, currency: string): string {
  const digits = fractionDigits(currency)
  return (amountMinor / 10 ** digits).toFixed(digits)
}
