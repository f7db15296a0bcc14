/**
 * Amounts of money: integers in minor units, with their currency. No floating point, no conversion.
 *
 * @module
 */
import { isCurrency, minorDigits } from '@evercert/contract'
import { AppError } from '../errors.ts'

export type Money = {
  /** Minor units (cents, fen; whole yen): a safe integer, negative for what is owed. */
  readonly amountMinor: number
  /** ISO 4217, upper case. */
  readonly currency: string
}

const CURRENCY = /^[A-Z]{3}$/u

/**
 * Checks an amount from outside.
 *
 * @throws AppError `invalid` when the amount is no safe integer or the currency no code of three capitals
 */
export function toMoney(amountMinor: number, currency: string): Money {
  if (!Number.isSafeInteger(amountMinor)) {
    throw new AppError('invalid', `Reading an amount: ${amountMinor} is not a whole number of minor units: send an integer.`)
  }
  if (!CURRENCY.test(currency)) {
    throw new AppError('invalid', `Reading an amount: "${currency}" is not a currency: send an ISO 4217 code such as CNY.`)
  }
  return { amountMinor, currency }
}

/**
 * Checks a currency in which money is about to be counted; what is counted already is not asked.
 *
 * @param attempt what is being done, for the message
 * @throws AppError `unknownCurrency`
 */
export function requireCurrency(currency: string, attempt: string): void {
  if (isCurrency(currency)) return
  throw new AppError('unknownCurrency', `${attempt}: ${currency} is no currency in use: send an ISO 4217 code such as CNY.`, {
    facts: { field: 'currency', currency },
  })
}

/** @throws AppError `invalid` for two currencies, or a sum beyond the safe integers */
export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) {
    throw new AppError('invalid', `Adding amounts: ${a.currency} and ${b.currency} cannot be added: convert one of them first.`)
  }
  return toMoney(a.amountMinor + b.amountMinor, a.currency)
}

/** @throws AppError `invalid` as {@link addMoney} does */
export function subtractMoney(a: Money, b: Money): Money {
  return addMoney(a, { amountMinor: 0 - b.amountMinor, currency: b.currency })
}

/**
 * The amount as people of `locale` (BCP 47) write it, such as `¥1,234.50`. Exact: the number is never divided.
 *
 * @throws AppError `invalid` when it is not an amount
 */
export function formatMoney(money: Money, locale = 'en'): string {
  const { amountMinor, currency } = toMoney(money.amountMinor, money.currency)
  const digits = minorDigits(currency)
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return format.format(toDecimal(amountMinor, digits))
}

function toDecimal(amountMinor: number, digits: number): Intl.StringNumericLiteral {
  const figures = String(Math.abs(amountMinor)).padStart(digits + 1, '0')
  const whole = figures.slice(0, figures.length - digits)
  const fraction = digits === 0 ? '' : `.${figures.slice(-digits)}`
  return `${amountMinor < 0 ? '-' : ''}${whole}${fraction}` as Intl.StringNumericLiteral
}
