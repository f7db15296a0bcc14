import { describe, expect, test } from 'vitest'
import { decideFinding, nextCheckAt, retryCheckAt } from '../../../src/domain/revocation/decide-check.ts'
import { HOUR_MS, MINUTE_MS } from '../../../src/domain/time.ts'

describe('when a CA is asked again', () => {
  const facts = { intervalMs: 6 * HOUR_MS, jitter: 0.5 }

  test('at the usual interval, or when the answer ends; a tenth more or less', () => {
    expect(nextCheckAt(facts, 7 * 24 * HOUR_MS, 0)).toBe(6 * HOUR_MS)
    expect(nextCheckAt(facts, HOUR_MS, 0)).toBe(HOUR_MS)
    expect(nextCheckAt(facts, 0, 0)).toBe(5 * MINUTE_MS)
    expect(nextCheckAt({ ...facts, jitter: 0 }, 7 * 24 * HOUR_MS, 0)).toBe(5.4 * HOUR_MS)
    expect(nextCheckAt({ ...facts, jitter: 0.999 }, 7 * 24 * HOUR_MS, 0)).toBeLessThan(6.6 * HOUR_MS)
  })

  test('after failures ever later, at most at the usual interval', () => {
    const waits = [1, 2, 3, 4, 5, 6, 100].map((failures) => retryCheckAt(facts, failures, 0) / MINUTE_MS)
    expect(waits).toEqual([15, 30, 60, 120, 240, 360, 360])
  })
})

test.each([
  [{}, 'end'],
  [{ application: 'reviewFailed' as const }, 'end'],
  [{ application: 'issued' as const }, 'end'],
  [{ application: 'pendingValidation' as const }, 'wait'],
  [{ application: 'inReview' as const }, 'wait'],
  [{ reason: 'certificateHold' as const }, 'tell'],
  [{ isCurrent: false }, 'tell'],
  [{ isCurrent: false, application: 'inReview' as const }, 'tell'],
])('a revocation that the CA tells of: %j → %s', (change, decision) => {
  expect(decideFinding({ isCurrent: true, reason: 'keyCompromise', application: null, ...change })).toBe(decision)
})
