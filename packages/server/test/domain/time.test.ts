import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addCalendarYears, DAY_MS, utcDayNumber } from '../../src/domain/time.ts'
import { anInstant, at, iso } from './instants.ts'

describe('addCalendarYears', () => {
  test.each([
    ['2022-06-01T00:00:00.000Z', 1, '2023-06-01T00:00:00.000Z'],
    ['2024-02-29T23:59:59.999Z', 1, '2025-02-28T23:59:59.999Z'],
    ['2024-02-29T01:02:03.004Z', 4, '2028-02-29T01:02:03.004Z'],
    ['2024-02-29T00:00:00.000Z', -1, '2023-02-28T00:00:00.000Z'],
    ['2023-02-28T12:00:00.000Z', 1, '2024-02-28T12:00:00.000Z'],
    ['2023-03-01T12:00:00.000Z', 1, '2024-03-01T12:00:00.000Z'],
    ['2023-12-31T23:59:59.000Z', 1, '2024-12-31T23:59:59.000Z'],
    ['2096-02-29T00:00:00.000Z', 4, '2100-02-28T00:00:00.000Z'],
    ['2026-07-01T00:00:00.000Z', 0, '2026-07-01T00:00:00.000Z'],
  ])('§3 top-up: %s + %i years = %s (29 February → 28 February)', (from, years, expected) => {
    expect(iso(addCalendarYears(at(from), years))).toBe(expected)
  })

  test('keeps the time of day and month, and moves by 365 or 366 days', () => {
    fc.assert(
      fc.property(anInstant, (instant) => {
        const later = addCalendarYears(instant, 1)
        expect(iso(later).slice(10)).toBe(iso(instant).slice(10))
        expect(iso(later).slice(5, 7)).toBe(iso(instant).slice(5, 7))
        expect([365, 366]).toContain((later - instant) / DAY_MS)
      }),
    )
  })
})

test('utcDayNumber counts midnights, before 1970 too', () => {
  expect(utcDayNumber(at('2026-12-10')) - utcDayNumber(at('2026-12-09T23:59:59.999Z'))).toBe(1)
  expect(utcDayNumber(-1)).toBe(-1)
})
