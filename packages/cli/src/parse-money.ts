/**
 * Amounts of money as people type them.
 *
 * @module
 */
import { isCurrency, minorDigits, type MoneyView } from '@evercert/contract'
import { wrongUsage } from './failure.ts'
import { clean } from './output.ts'

const AMOUNT = /^(\d{1,12})(?:\.(\d{1,4}))?\s*([A-Z]{3})$/

/** `100 CNY` or `19.90 EUR`. @param remedy what to give instead @throws CliFailure `invalid`, `unknownCurrency` */
export function parseMoney(text: string | undefined, remedy: string): MoneyView {
  const match = AMOUNT.exec(text?.trim() ?? '')
  if (match === null) {
    throw wrongUsage('invalid', `Reading the amount: ${text === undefined ? 'there is none' : clean(text)}: ${remedy}.`)
  }
  const [, whole = '', fraction = '', currency = ''] = match
  if (!isCurrency(currency))
    throw wrongUsage('unknownCurrency', `Reading the amount: ${currency} is no currency in use: ${remedy}.`)
  const digits = minorDigits(currency)
  if (fraction.length > digits) {
    throw wrongUsage('invalid', `Reading the amount: ${currency} has ${digits} digits after the point: give fewer.`)
  }
  return { amountMinor: Number(whole + fraction.padEnd(digits, '0')), currency }
}
