import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  areQuietHours,
  clockOfMinute,
  isQuiet,
  MINUTES_PER_DAY,
  minuteOfClock,
  nextAllowed,
} from '../../../src/domain/notice/quiet-hours.ts'
import { HOUR_MS } from '../../../src/domain/time.ts'

const at = (text: string) => Date.parse(text)
const hours = (from: string, until: string, timeZone = 'UTC') => ({
  fromMinute: minuteOfClock(from),
  untilMinute: minuteOfClock(until),
  timeZone,
})

describe('the next allowed instant', () => {
  test.each([
    ['before', hours('22:00', '08:00'), '2026-11-23T21:59:59.999Z', '2026-11-23T21:59:59.999Z'],
    ['at the first quiet instant', hours('22:00', '08:00'), '2026-11-23T22:00:00.000Z', '2026-11-24T08:00:00.000Z'],
    ['after midnight', hours('22:00', '08:00'), '2026-11-24T00:30:00.001Z', '2026-11-24T08:00:00.000Z'],
    ['at the end', hours('22:00', '08:00'), '2026-11-24T08:00:00.000Z', '2026-11-24T08:00:00.000Z'],
    ['in a span of the day', hours('12:00', '13:30'), '2026-11-24T12:07:11.000Z', '2026-11-24T13:30:00.000Z'],
    ['in Shanghai', hours('22:00', '08:00', 'Asia/Shanghai'), '2026-11-23T15:00:00.000Z', '2026-11-24T00:00:00.000Z'],
    [
      'in Kathmandu, 5:45 ahead',
      hours('22:00', '08:00', 'Asia/Kathmandu'),
      '2026-11-23T17:00:00.000Z',
      '2026-11-24T02:15:00.000Z',
    ],
    [
      'clocks go forward: an hour less',
      hours('22:00', '08:00', 'Europe/Berlin'),
      '2026-03-28T22:00:00.000Z',
      '2026-03-29T06:00:00.000Z',
    ],
    [
      'clocks go back: an hour more',
      hours('22:00', '08:00', 'Europe/Berlin'),
      '2026-10-24T21:00:00.000Z',
      '2026-10-25T07:00:00.000Z',
    ],
    [
      'the end is skipped by the clocks',
      hours('22:00', '02:30', 'Europe/Berlin'),
      '2026-03-29T00:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
    ],
    [
      'the open hour is skipped: a day later',
      hours('03:00', '02:00', 'Europe/Berlin'),
      '2026-03-28T12:00:00.000Z',
      '2026-03-30T00:00:00.000Z',
    ],
  ])('%s', (_what, quiet, from, to) => {
    expect(new Date(nextAllowed(at(from), quiet)).toISOString()).toBe(to)
  })

  test('without quiet hours it is now', () => {
    expect(nextAllowed(12_345, null)).toBe(12_345)
  })
})

const ZONES = ['UTC', 'Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns']
const minutes = fc.integer({ min: 0, max: MINUTES_PER_DAY - 1 })
const quietHours = fc
  .record({ fromMinute: minutes, untilMinute: minutes, timeZone: fc.constantFrom(...ZONES) })
  .filter((each) => areQuietHours(each))
const instants = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2032-01-01T00:00:00Z') })

test('it is never quiet, never before, at most two days away, and the instant itself when that is allowed', () => {
  fc.assert(
    fc.property(instants, quietHours, (instant, quiet) => {
      const next = nextAllowed(instant, quiet)
      expect(isQuiet(next, quiet)).toBe(false)
      expect(next).toBeGreaterThanOrEqual(instant)
      expect(next - instant).toBeLessThanOrEqual(49 * HOUR_MS)
      if (isQuiet(instant, quiet)) expect(isQuiet(next - 1, quiet)).toBe(true)
      else expect(next).toBe(instant)
    }),
    { numRuns: 400 },
  )
})

test('hours that leave nothing open are none', () => {
  expect(areQuietHours(hours('08:00', '08:00'))).toBe(false)
  expect(areQuietHours(hours('08:00', '07:01'))).toBe(false)
  expect(areQuietHours(hours('08:00', '07:00'))).toBe(true)
})

test('a time of day is minutes and back', () => {
  fc.assert(
    fc.property(minutes, (minute) => {
      expect(minuteOfClock(clockOfMinute(minute))).toBe(minute)
    }),
  )
})
