import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addBusinessDays,
  DEFAULT_CALENDAR,
  isBusinessDay,
  isCalendarKnown,
  parseDay,
  type BusinessCalendar,
} from '../../../src/domain/business-day/business-calendar.ts'
import { CHINA_ANNOUNCED } from '../../../src/domain/business-day/china.ts'
import { DAY_MS } from '../../../src/domain/time.ts'
import { zonedDayNumber } from '../../../src/domain/zoned-day.ts'

const day = (date: string): number => parseDay(date) ?? Number.NaN
const at = (iso: string): number => Date.parse(iso)
const iso = (instant: number): string => new Date(instant).toISOString()

describe("China's days as they were announced", () => {
  test.each([
    ['2025-01-01', false, 'New Year'],
    ['2025-01-02', true, 'a Thursday after it, not exchanged'],
    ['2025-01-26', true, 'a Sunday worked for the Spring Festival'],
    ['2025-01-27', true, 'the Monday before it'],
    ['2025-01-28', false, "New Year's Eve"],
    ['2025-02-04', false, 'its last day'],
    ['2025-02-05', true, 'the day after'],
    ['2025-02-08', true, 'a Saturday worked'],
    ['2025-02-09', false, 'the Sunday after'],
    ['2025-04-04', false, 'Qingming'],
    ['2025-04-27', true, 'a Sunday worked for Labour Day'],
    ['2025-05-05', false, 'its last day'],
    ['2025-06-02', false, 'the Monday of the Dragon Boat Festival'],
    ['2025-09-28', true, 'a Sunday worked for the National Day'],
    ['2025-10-08', false, 'the last day of National Day and Mid-Autumn'],
    ['2025-10-09', true, 'the day after'],
    ['2025-10-11', true, 'a Saturday worked'],
    ['2026-01-02', false, 'the Friday of the New Year'],
    ['2026-01-04', true, 'a Sunday worked for it'],
    ['2026-02-14', true, 'a Saturday worked for the Spring Festival'],
    ['2026-02-16', false, "New Year's Eve"],
    ['2026-02-23', false, 'the last of nine days'],
    ['2026-02-24', true, 'the day after'],
    ['2026-02-28', true, 'a Saturday worked'],
    ['2026-05-09', true, 'a Saturday worked for Labour Day'],
    ['2026-06-19', false, 'the Dragon Boat Festival'],
    ['2026-09-20', true, 'a Sunday worked for the National Day'],
    ['2026-09-25', false, 'Mid-Autumn'],
    ['2026-10-10', true, 'a Saturday worked'],
    ['2026-11-28', false, 'any Saturday'],
  ])('%s: %s (%s)', (date, expected) => {
    expect(isBusinessDay(day(date), DEFAULT_CALENDAR)).toBe(expected)
  })

  test('each worked day is a weekend day, and each year has as many days off as the law gives and exchanges', () => {
    const daysOff = Object.values(CHINA_ANNOUNCED).map((year) => {
      for (const date of year.worked) expect([0, 6]).toContain(new Date(`${date}T00:00:00Z`).getUTCDay())
      return year.daysOff.flatMap((entry) => (typeof entry === 'string' ? [1] : [day(entry[1]) - day(entry[0]) + 1]))
    })
    expect(daysOff.map((lengths) => lengths.reduce((sum, length) => sum + length, 0))).toEqual([28, 33])
  })

  test('of a year that is not announced, weekends and the fixed statutory days are known', () => {
    expect(isBusinessDay(day('2027-10-01'), DEFAULT_CALENDAR)).toBe(false)
    expect(isBusinessDay(day('2027-01-01'), DEFAULT_CALENDAR)).toBe(false)
    expect(isBusinessDay(day('2027-02-08'), DEFAULT_CALENDAR)).toBe(true) // a Monday; perhaps a holiday, and nobody said so
    expect(isCalendarKnown(at('2026-12-20T00:00:00Z'), at('2026-12-31T15:59:59Z'), DEFAULT_CALENDAR)).toBe(true)
    expect(isCalendarKnown(at('2026-12-20T00:00:00Z'), at('2026-12-31T16:00:00Z'), DEFAULT_CALENDAR)).toBe(false) // 2027 in Shanghai
    expect(
      isCalendarKnown(at('2027-01-05T00:00:00Z'), at('2027-01-06T00:00:00Z'), { ...DEFAULT_CALENDAR, region: 'weekends' }),
    ).toBe(true)
  })

  test('own holidays win over everything, own working days over the region', () => {
    const calendar: BusinessCalendar = {
      ...DEFAULT_CALENDAR,
      holidays: ['2026-11-25', '2026-11-28'],
      workingDays: ['2026-11-28', '2026-11-29', '2026-10-01'],
    }
    expect(['2026-11-25', '2026-11-28', '2026-11-29', '2026-10-01'].map((date) => isBusinessDay(day(date), calendar))).toEqual([
      false,
      false,
      true,
      true,
    ])
  })
})

describe('addBusinessDays', () => {
  test.each([
    ['2026-11-23T08:00:00Z', 2, '2026-11-25T08:00:00.000Z', 'Monday to Wednesday, the same time of day'],
    ['2026-11-27T08:00:00Z', 2, '2026-12-01T08:00:00.000Z', 'over a weekend'],
    ['2026-11-28T08:00:00Z', 2, '2026-12-01T16:00:00.000Z', 'a Saturday counts as the start of Monday'],
    ['2026-11-27T17:00:00Z', 1, '2026-11-30T16:00:00.000Z', 'Friday in UTC, Saturday in Shanghai'],
    ['2026-02-13T02:00:00Z', 2, '2026-02-24T02:00:00.000Z', 'the worked Saturday counts, the nine days do not'],
    ['2025-09-30T02:00:00Z', 3, '2025-10-11T02:00:00.000Z', 'the 9th, the 10th and the worked Saturday'],
    ['2026-11-23T08:00:00Z', 0, '2026-11-23T08:00:00.000Z', 'none'],
  ])('%s + %i = %s (%s)', (from, count, expected) => {
    expect(iso(addBusinessDays(at(from), count, DEFAULT_CALENDAR))).toBe(expected)
  })

  test('a time of day that the target day does not have ends that day', () => {
    const calendar: BusinessCalendar = {
      region: 'weekends',
      timeZone: 'Europe/Berlin',
      holidays: [],
      workingDays: ['2026-03-29'],
    }
    const end = addBusinessDays(at('2026-03-27T22:30:00Z'), 1, calendar) // 23:30 in Berlin; the next day has 23 hours
    expect(iso(end)).toBe('2026-03-29T21:59:59.999Z')
  })

  test('a calendar without business days says so instead of searching for ever', () => {
    const holidays = Array.from({ length: 3700 }, (_, index) => iso(at('2026-01-01T00:00:00Z') + index * DAY_MS).slice(0, 10))
    expect(() => addBusinessDays(at('2026-01-01T00:00:00Z'), 1, { ...DEFAULT_CALENDAR, holidays })).toThrow(RangeError)
  })

  const instant = fc.integer({ min: at('2024-06-01T00:00:00Z'), max: at('2028-06-01T00:00:00Z') })
  const calendar = fc.record<BusinessCalendar>({
    region: fc.constantFrom('china', 'weekends'),
    timeZone: fc.constantFrom('Asia/Shanghai', 'UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland'),
    holidays: fc.constantFrom([], ['2026-12-25', '2026-12-24']),
    workingDays: fc.constantFrom([], ['2026-12-26']),
  })

  test('never ends on a day off, and counts exactly the business days in between', () => {
    fc.assert(
      fc.property(instant, fc.nat({ max: 12 }), calendar, (from, count, some) => {
        const end = zonedDayNumber(addBusinessDays(from, count, some), some.timeZone)
        expect(isBusinessDay(end, some)).toBe(true)
        let start = zonedDayNumber(from, some.timeZone)
        while (!isBusinessDay(start, some)) start += 1
        let counted = 0
        for (let next = start + 1; next <= end; next += 1) if (isBusinessDay(next, some)) counted += 1
        expect(counted).toBe(count)
      }),
    )
  })

  test('is monotone in the instant and in the count', () => {
    fc.assert(
      fc.property(instant, instant, fc.nat({ max: 8 }), calendar, (one, other, count, some) => {
        const [earlier, later] = one < other ? [one, other] : [other, one]
        expect(addBusinessDays(earlier, count, some)).toBeLessThanOrEqual(addBusinessDays(later, count, some))
        expect(addBusinessDays(one, count, some)).toBeLessThan(addBusinessDays(one, count + 1, some))
        expect(addBusinessDays(one, count, some)).toBeGreaterThanOrEqual(one)
      }),
    )
  })
})

test.each(['2026-02-29', '2026-13-01', '26-01-01', '2026-1-1', '', 'today'])('"%s" is no date', (text) => {
  expect(parseDay(text)).toBeNull()
})
