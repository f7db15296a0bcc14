import { describe, expect, test } from 'vitest'
import { firstProbeAt, nextProbeAt } from '../../../src/domain/endpoint/schedule.ts'
import { showsWrongCertificate, worstVerdict } from '../../../src/domain/endpoint/worst-verdict.ts'
import { DAY_MS, HOUR_MS } from '../../../src/domain/time.ts'

const NOW = Date.UTC(2026, 10, 25)
const usual = { jitter: 0.5, intervalMs: 6 * HOUR_MS, notAfter: NOW + 60 * DAY_MS, changedAt: NOW - 9 * DAY_MS, isInOrder: true }
const hours = (wish: Partial<typeof usual> = {}) => (nextProbeAt({ ...usual, ...wish }, NOW) - NOW) / HOUR_MS

describe('the next probe', () => {
  test('is after the interval, a tenth more or less by the stored jitter', () => {
    expect(hours()).toBe(6)
    expect(hours({ jitter: 0 })).toBeCloseTo(5.4)
    expect(hours({ jitter: 0.999_999 })).toBeCloseTo(6.6)
  })

  test('is hourly in the last days, on the first day after a change, and while it is not in order', () => {
    expect(hours({ notAfter: NOW + 2 * DAY_MS })).toBe(1)
    expect(hours({ changedAt: NOW - HOUR_MS })).toBe(1)
    expect(hours({ isInOrder: false })).toBe(1)
    expect(hours({ isInOrder: false, intervalMs: HOUR_MS / 2 })).toBe(0.5)
  })

  test('for the first time is anywhere in one interval', () => {
    expect(firstProbeAt({ jitter: 0, intervalMs: HOUR_MS }, NOW)).toBe(NOW)
    expect(firstProbeAt({ jitter: 0.5, intervalMs: HOUR_MS }, NOW)).toBe(NOW + HOUR_MS / 2)
  })
})

test('of several verdicts the worst counts; silence shows no certificate', () => {
  expect(worstVerdict(['served', 'unreachable', 'oldCertificate'])).toBe('oldCertificate')
  expect(worstVerdict(['served', 'unreachable'])).toBe('unreachable')
  expect(worstVerdict(['served'])).toBe('served')
  expect(worstVerdict([])).toBe('unreachable')
  expect(
    (['served', 'unreachable', 'notTls', 'oldCertificate'] as const).map((verdict) => showsWrongCertificate(verdict)),
  ).toEqual([false, false, false, true])
})
