import { expect, test } from 'vitest'
import { amountText, parseAmount } from '../src/components/amount.ts'

test.each([
  ['100', 'CNY', 10_000],
  ['1,234.5', 'CNY', 123_450],
  ['0.01', 'USD', 1],
  [' 12 000 ', 'CNY', 1_200_000],
  ['500', 'JPY', 500],
  ['1.234', 'KWD', 1234],
  ['0', 'CNY', 0],
])('%j %s is %d in minor units', (text, currency, minor) => {
  expect(parseAmount(text, currency)).toBe(minor)
})

test.each([
  ['12.345', 'CNY'],
  ['1.5', 'JPY'],
  ['-1', 'CNY'],
  ['1e3', 'CNY'],
  ['', 'CNY'],
  ['abc', 'CNY'],
  ['12345678901234', 'CNY'],
])('%j %s is no amount', (text, currency) => {
  expect(parseAmount(text, currency)).toBeNull()
})

test.each([
  [123_450, 'CNY'],
  [1, 'USD'],
  [500, 'JPY'],
])('what is written is read back: %d %s', (minor, currency) => {
  expect(parseAmount(amountText(minor, currency), currency)).toBe(minor)
})
