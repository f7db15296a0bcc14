import { expect, test } from 'vitest'
import { parseLimit } from '../../src/commands/manage.ts'
import { CliFailure } from '../../src/failure.ts'

test.each([
  ['100 CNY', 10_000, 'CNY'],
  ['100CNY', 10_000, 'CNY'],
  ['19.9 EUR', 1990, 'EUR'],
  ['0 CNY', 0, 'CNY'],
  ['500 JPY', 500, 'JPY'],
  ['1.234 KWD', 1234, 'KWD'],
])('%s is %i minor units of %s', (text, amountMinor, currency) => {
  expect(parseLimit(text)).toEqual({ amountMinor, currency })
})

test.each([undefined, '', '100', 'CNY', '-5 CNY', '1,000 CNY', '10.005 CNY', '1.5 JPY', '100 cny'])('%s is refused', (text) => {
  expect(() => parseLimit(text)).toThrow(CliFailure)
})
