import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatId } from '../../src/domain/id.ts'

const random = fc.uint8Array({ minLength: 16, maxLength: 16 })

test('ids sort by time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 48 - 2 }),
      fc.integer({ min: 1, max: 1000 }),
      random,
      random,
      (time, later, a, b) => {
        expect(formatId('crt', time, a) < formatId('crt', Math.min(time + later, 2 ** 48 - 1), b)).toBe(true)
      },
    ),
  )
})

test('an id is its prefix and 26 characters without lookalikes', () => {
  expect(formatId('ord', Date.UTC(2026, 10, 23), new Uint8Array(16))).toMatch(/^ord_[0-9a-hjkmnp-tv-z]{26}$/)
  expect(() => formatId('ord', 0, new Uint8Array(3))).toThrow(RangeError)
})
