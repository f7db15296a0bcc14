/**
 * Amounts of money as people type them.
 *
 * @module
 */
import { isCurrency, minorDigits, type Bilingual, type MoneyView } from '@evercert/contract'
import { wrongUsage } from './failure.ts'
import { clean } from './output.ts'

const AMOUNT = /^(\d{1,12})(?:\.(\d{1,4}))?\s*([A-Z]{3})$/

/** `100 CNY` or `19.90 EUR`. @param remedy what to give instead @throws CliFailure `invalid`, `unknownCurrency` */
export function parseMoney(text: string | undefined, remedy: Bilingual): MoneyView {
  const match = AMOUNT.exec(text?.trim() ?? '')
  if (match === null) {
    throw wrongUsage('invalid', {
      en: `Reading the amount: ${text === undefined ? 'there is none' : clean(text)}: ${remedy.en}.`,
      zh: `读取金额：${text === undefined ? '未填写' : `“${clean(text)}” 无效`}：${remedy.zh}。`,
    })
  }
  const [, whole = '', fraction = '', currency = ''] = match
  if (!isCurrency(currency))
    throw wrongUsage('unknownCurrency', {
      en: `Reading the amount: ${currency} is no currency in use: ${remedy.en}.`,
      zh: `读取金额：没有货币 ${currency}：${remedy.zh}。`,
    })
  const digits = minorDigits(currency)
  if (fraction.length > digits) {
    throw wrongUsage('invalid', {
      en: `Reading the amount: ${currency} has ${digits} digits after the point: give fewer.`,
      zh: `读取金额：${currency} 最多 ${digits} 位小数。`,
    })
  }
  return { amountMinor: Number(whole + fraction.padEnd(digits, '0')), currency }
}
