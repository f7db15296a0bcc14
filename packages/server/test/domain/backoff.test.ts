import { expect, test } from 'vitest'
import { backoffMs, type Ladder } from '../../src/domain/backoff.ts'

test.each<Ladder>(['upstream', 'proof', 'poll', 'serve'])('the %s ladder never shortens, and ends', (ladder) => {
  const waits = Array.from({ length: 40 }, (_, index) => backoffMs(ladder, index + 1))
  expect(waits).toEqual(waits.toSorted((a, b) => a - b))
  expect(waits.at(-1)).toBeLessThanOrEqual(3_600_000)
  expect(backoffMs(ladder, 0)).toBe(waits[0])
})
