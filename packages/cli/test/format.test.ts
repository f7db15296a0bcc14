import { describe, expect, it } from 'vitest'
import { formatDay, formatDuration, formatInstant, formatMoney, formatOpensslDate } from '../src/format.ts'

describe('formatOpensslDate', () => {
  it.each([
    ['2026-11-23T06:00:00.000Z', 'Nov 23 06:00:00 2026 GMT'],
    ['2027-02-03T23:59:59.000Z', 'Feb  3 23:59:59 2027 GMT'],
  ])('%s is %s, as openssl x509 -dates prints it', (instant, text) => {
    expect(formatOpensslDate(instant)).toBe(text)
  })
})

describe('formatMoney', () => {
  it.each([
    [10_000, 'CNY', 'CN¥100.00'],
    [123_456_789, 'CNY', 'CN¥1,234,567.89'],
    [500, 'JPY', '¥500'],
    [1_000, 'KWD', 'KWD 1.000'],
    [-250, 'USD', '-$2.50'],
  ])('%i minor units of %s are %s', (amountMinor, currency, text) => {
    expect(formatMoney({ amountMinor, currency })).toBe(text)
  })
})

describe('formatDuration', () => {
  it.each([
    [12.4, '12 ms'],
    [1_840, '1.8 s'],
    [125_000, '2 min 5 s'],
    [119_900, '1 min 59 s'],
    [11_520_000, '3 h 12 min'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})

it('writes instants in UTC, and a dash for none', () => {
  expect(formatInstant('2026-11-23T06:00:00.000Z')).toBe('2026-11-23 06:00:00 UTC')
  expect(formatDay('2026-11-23T06:00:00.000Z')).toBe('2026-11-23')
  expect([formatInstant(null), formatDay(null)]).toEqual(['–', '–'])
})
