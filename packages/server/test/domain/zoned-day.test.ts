import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, utcDayNumber } from '../../src/domain/time.ts'
import { isTimeZone, startOfZonedDay, zonedDayNumber } from '../../src/domain/zoned-day.ts'
import { anInstant, at, iso, TIME_ZONES } from './instants.ts'

describe('startOfZonedDay', () => {
  test.each([
    ['UTC', '2026-01-01', '2026-01-01T00:00:00.000Z', 'midnight'],
    ['Asia/Shanghai', '2026-05-01', '2026-04-30T16:00:00.000Z', 'eight hours ahead'],
    ['Pacific/Kiritimati', '2026-01-01', '2025-12-31T10:00:00.000Z', 'the first place to see a day'],
    ['Etc/GMT+12', '2026-01-01', '2026-01-01T12:00:00.000Z', 'the last place to see it'],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z', 'the clocks go forward later that day'],
    ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00.000Z', 'the day after'],
    ['America/Havana', '2026-03-08', '2026-03-08T05:00:00.000Z', 'forward at midnight: the day starts at 01:00'],
    ['America/Havana', '2026-11-01', '2026-11-01T04:00:00.000Z', 'back at 01:00: the first of two midnights'],
    ['Asia/Amman', '2021-10-29', '2021-10-28T21:00:00.000Z', 'the same, east of Greenwich'],
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z', 'forward at midnight'],
    ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00.000Z', 'a day that the zone skipped starts with the next one'],
  ])('%s %s starts at %s (%s)', (timeZone, day, expected) => {
    expect(iso(startOfZonedDay(utcDayNumber(at(day)), timeZone))).toBe(expected)
  })

  test('the start of the day of an instant is at most that instant, on the same day, and the day before ends there', () => {
    fc.assert(
      fc.property(anInstant, fc.constantFrom(...TIME_ZONES), (instant, timeZone) => {
        const day = zonedDayNumber(instant, timeZone)
        const start = startOfZonedDay(day, timeZone)
        expect(start).toBeLessThanOrEqual(instant)
        expect(instant - start).toBeLessThan(DAY_MS + 2 * 3_600_000)
        expect(zonedDayNumber(start, timeZone)).toBe(day)
        expect(zonedDayNumber(start - 1, timeZone)).toBe(day - 1)
      }),
      { numRuns: 300 },
    )
  })
})

test('isTimeZone knows IANA names and refuses inventions', () => {
  expect(TIME_ZONES.every((name) => isTimeZone(name))).toBe(true)
  expect(isTimeZone('Europe/Nowhere')).toBe(false)
  expect(isTimeZone('')).toBe(false)
  expect(() => zonedDayNumber(0, 'Europe/Nowhere')).toThrow(RangeError)
})
