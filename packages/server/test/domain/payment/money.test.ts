import { isCurrency, minorDigits } from '@evercert/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/domain/errors.ts'
import { addMoney, formatMoney, requireCurrency, subtractMoney, toMoney } from '../../../src/domain/payment/money.ts'

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
  return 'nothing thrown'
}

const cny = (amountMinor: number) => ({ amountMinor, currency: 'CNY' })

describe('money', () => {
  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1])('%d is no amount', (amountMinor) => {
    expect(codeOf(() => toMoney(amountMinor, 'CNY'))).toBe('invalid')
  })

  test.each(['cny', 'RMB ', '', '¥', 'CNYX'])('"%s" is no currency', (currency) => {
    expect(codeOf(() => toMoney(1, currency))).toBe('invalid')
  })

  test('adds and subtracts within one currency', () => {
    expect(addMoney(cny(150), cny(-50))).toEqual(cny(100))
    expect(subtractMoney(cny(150), cny(200))).toEqual(cny(-50))
    expect(subtractMoney(cny(5), cny(0))).toEqual(cny(5))
    expect(codeOf(() => addMoney(cny(1), { amountMinor: 1, currency: 'USD' }))).toBe('invalid')
    expect(codeOf(() => addMoney(cny(Number.MAX_SAFE_INTEGER), cny(1)))).toBe('invalid')
  })

  test('subtracting what was added gives the amount back', () => {
    const anAmount = fc.integer({ min: -1e15, max: 1e15 })
    fc.assert(
      fc.property(anAmount, anAmount, (a, b) => {
        expect(subtractMoney(addMoney(cny(a), cny(b)), cny(b))).toEqual(cny(a))
      }),
    )
  })

  test.each([
    [123_450, 'CNY', 'zh-CN', '¥1,234.50'],
    [5, 'USD', 'en', '$0.05'],
    [-5, 'USD', 'en', '-$0.05'],
    [0, 'USD', 'en', '$0.00'],
    [500, 'JPY', 'en', '¥500'],
    [Number.MAX_SAFE_INTEGER, 'USD', 'en', '$90,071,992,547,409.91'],
  ])('formats %i %s in %s as %s', (amountMinor, currency, locale, expected) => {
    expect(formatMoney({ amountMinor, currency }, locale)).toBe(expected)
  })

  test('money is counted in currencies that are in use, and in nothing else', () => {
    expect(['CNY', 'USD', 'EUR', 'JPY', 'KWD', 'XOF', 'ZWG'].every(isCurrency)).toBe(true)
    // Not assigned, for testing, none, gold, withdrawn, lower case, a property of objects.
    for (const code of ['ZZZ', 'XTS', 'XXX', 'XAU', 'DEM', 'HRK', 'cny', '', 'constructor'])
      expect({ code, answer: codeOf(() => requireCurrency(code, 'Testing')) }).toEqual({ code, answer: 'unknownCurrency' })
    // Each has decimals of the table, and is one that the runtime knows.
    const known = new Set(Intl.supportedValuesOf('currency'))
    const all = [...known].filter(isCurrency)
    expect(all.length).toBeGreaterThan(150)
    for (const code of 'BIF CLP ISK JPY KRW VND BHD JOD KWD OMR TND'.split(' ')) expect(isCurrency(code)).toBe(true)
  })

  test('decimals follow the currency', () => {
    expect(['CNY', 'JPY', 'KWD', 'HUF', 'CLF'].map((currency) => minorDigits(currency))).toEqual([2, 0, 3, 2, 4])
    expect(formatMoney({ amountMinor: 490_000, currency: 'HUF' })).toContain('4,900.00')
    expect(formatMoney({ amountMinor: 1, currency: 'KWD' })).toContain('0.001')
    expect(codeOf(() => formatMoney(cny(0.1)))).toBe('invalid')
  })
})
