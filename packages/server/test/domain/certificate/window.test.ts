import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RenewalPolicy } from '../../../src/domain/certificate/window.ts'
import { DEFAULT_RENEWAL_POLICY, isInWindow, windowOpensAt } from '../../../src/domain/certificate/window.ts'
import { DAY_MS, HOUR_MS } from '../../../src/domain/time.ts'
import { aPolicy, at, aValidity, iso } from '../instants.ts'

const oneYear = { notBefore: at('2025-12-10'), notAfter: at('2026-12-10') }

function calendar(timeZone: string, windowDays = 30): RenewalPolicy {
  return { windowDays, calendar: { timeZone } }
}

describe('FD §3.2 the window is the 30 calendar days before expiry', () => {
  const opens = oneYear.notAfter - 30 * DAY_MS

  test.each([
    ['1 ms before it opens', opens - 1, false],
    ['at the moment of opening', opens, true],
    ['1 ms after opening', opens + 1, true],
    ['1 ms before expiry', oneYear.notAfter - 1, true],
    ['at expiry', oneYear.notAfter, false],
    ['1 ms after expiry', oneYear.notAfter + 1, false],
    ['when just issued', oneYear.notBefore, false],
  ])('%s', (_when, now, expected) => {
    expect(isInWindow(oneYear, now, DEFAULT_RENEWAL_POLICY)).toBe(expected)
  })

  test('the number of days is configurable', () => {
    expect(iso(windowOpensAt(oneYear, { windowDays: 45, calendar: null }))).toBe('2026-10-26T00:00:00.000Z')
  })
})

describe('§3.2 calendar days in a named time zone open at the start of a day there', () => {
  test.each([
    ['UTC', '2026-12-10T15:30:00Z', '2026-11-10T00:00:00.000Z'],
    ['Asia/Shanghai', '2026-12-10T15:30:00Z', '2026-11-09T16:00:00.000Z'],
    ['Asia/Shanghai', '2026-12-10T16:30:00Z', '2026-11-10T16:00:00.000Z'],
    ['Europe/Berlin', '2026-04-10T12:00:00Z', '2026-03-10T23:00:00.000Z'],
    ['America/New_York', '2026-11-20T12:00:00Z', '2026-10-21T04:00:00.000Z'],
    ['America/Havana', '2026-04-07T12:00:00Z', '2026-03-08T05:00:00.000Z'],
    ['Europe/Berlin', '2028-03-30T12:00:00Z', '2028-02-28T23:00:00.000Z'],
  ])('%s, expiry %s → %s', (timeZone, notAfter, expected) => {
    const validity = { notBefore: at('2025-11-01'), notAfter: at(notAfter) }
    const opensAt = windowOpensAt(validity, calendar(timeZone))
    expect(iso(opensAt)).toBe(expected)
    expect(isInWindow(validity, opensAt - 1, calendar(timeZone))).toBe(false)
    expect(isInWindow(validity, opensAt, calendar(timeZone))).toBe(true)
  })

  test('an unknown zone is a RangeError, not a wrong answer', () => {
    expect(() => windowOpensAt(oneYear, calendar('Europe/Nowhere'))).toThrow(RangeError)
  })
})

describe('§3.2 below 90 days of life the window is a third of the lifetime', () => {
  test.each([
    ['47 days', 47 * DAY_MS, (47 * DAY_MS) / 3],
    ['160 hours', 160 * HOUR_MS, (160 * HOUR_MS) / 3],
    ['6 days', 6 * DAY_MS, 2 * DAY_MS],
    ['1 hour', HOUR_MS, HOUR_MS / 3],
    ['90 days less a second, as a 90-day certificate is', 90 * DAY_MS - 1000, Math.floor((90 * DAY_MS - 1000) / 3)],
    ['90 days', 90 * DAY_MS, 30 * DAY_MS],
    ['199 days less a second', 199 * DAY_MS - 1000, 30 * DAY_MS],
  ])('%s', (_life, lifetimeMs, windowMs) => {
    const validity = { notBefore: at('2026-06-01'), notAfter: at('2026-06-01') + lifetimeMs }
    expect(validity.notAfter - windowOpensAt(validity, DEFAULT_RENEWAL_POLICY)).toBe(Math.floor(windowMs))
  })

  test('from 90 days on the policy counts, to the millisecond', () => {
    const policy = { windowDays: 10, calendar: null }
    const notBefore = at('2026-06-01')
    const long = { notBefore, notAfter: notBefore + 90 * DAY_MS }
    const short = { notBefore, notAfter: long.notAfter - 1 }
    expect(long.notAfter - windowOpensAt(long, policy)).toBe(10 * DAY_MS)
    expect(short.notAfter - windowOpensAt(short, policy)).toBe(30 * DAY_MS - 1)
  })

  test('whatever the calendar says', () => {
    const validity = { notBefore: at('2026-06-01'), notAfter: at('2026-06-07') }
    expect(windowOpensAt(validity, calendar('Asia/Shanghai'))).toBe(at('2026-06-05'))
  })
})

test('§3.2 no setting makes a certificate expiring for most of its life: half of it at most', () => {
  const validity = { notBefore: at('2026-06-01'), notAfter: at('2026-06-01') + 100 * DAY_MS }
  expect(windowOpensAt(validity, { windowDays: 120, calendar: null })).toBe(validity.notAfter - 50 * DAY_MS)
  expect(windowOpensAt(validity, calendar('Europe/Berlin', 99))).toBe(validity.notAfter - 50 * DAY_MS)
})

describe('properties, for lifetimes of 1 hour to 398 days, in hours and in calendar days', () => {
  test('the window opens strictly after notBefore and strictly before notAfter', () => {
    fc.assert(
      fc.property(aValidity, aPolicy, (validity, policy) => {
        const opensAt = windowOpensAt(validity, policy)
        expect(opensAt).toBeGreaterThan(validity.notBefore)
        expect(opensAt).toBeLessThan(validity.notAfter)
        expect(Number.isSafeInteger(opensAt)).toBe(true)
      }),
    )
  })

  test('a fresh certificate is never expiring, in the first half of its life', () => {
    fc.assert(
      fc.property(aValidity, aPolicy, fc.double({ min: 0, max: 0.499, noNaN: true }), (validity, policy, share) => {
        const now = validity.notBefore + Math.floor((validity.notAfter - validity.notBefore) * share)
        expect(isInWindow(validity, now, policy)).toBe(false)
      }),
    )
  })

  test('open to the millisecond, and open until expiry once open', () => {
    fc.assert(
      fc.property(aValidity, aPolicy, fc.double({ min: 0, max: 1, noNaN: true }), (validity, policy, share) => {
        const opensAt = windowOpensAt(validity, policy)
        expect(isInWindow(validity, opensAt - 1, policy)).toBe(false)
        expect(isInWindow(validity, opensAt, policy)).toBe(true)
        expect(isInWindow(validity, opensAt + Math.floor((validity.notAfter - 1 - opensAt) * share), policy)).toBe(true)
        expect(isInWindow(validity, validity.notAfter - 1, policy)).toBe(true)
        expect(isInWindow(validity, validity.notAfter, policy)).toBe(false)
        expect(isInWindow(validity, validity.notAfter + 1, policy)).toBe(false)
      }),
    )
  })

  test('from 90 days of life, calendar days differ from 24-hour days by less than 26 hours', () => {
    fc.assert(
      fc.property(aValidity, aPolicy, (validity, policy) => {
        fc.pre(validity.notAfter - validity.notBefore >= 90 * DAY_MS)
        const inHours = windowOpensAt(validity, { windowDays: 30, calendar: null })
        const inDays = windowOpensAt(validity, { windowDays: 30, calendar: policy.calendar })
        expect(Math.abs(inDays - inHours)).toBeLessThan(26 * HOUR_MS)
      }),
    )
  })
})
