import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskEmail, maskPhone, maskRegistrationNumber } from '../../../src/domain/applicant/masking.ts'

test.each([
  [maskEmail, 'ada@example.com', 'a***@example.com'],
  [maskEmail, '"a@b"@example.com', '"***@example.com'],
  [maskEmail, 'not an address', '***'],
  [maskPhone, '+86 138 0000 1234', '***34'],
  [maskPhone, '110', '***'],
  [maskRegistrationNumber, '91310000MA1FL0XX4T', '***XX4T'],
  [maskRegistrationNumber, '1234567', '***'],
])('%o of %s is %s', (mask, text, expected) => {
  expect(mask(text)).toBe(expected)
})

test('at most a third of a number is shown', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      for (const mask of [maskPhone, maskRegistrationNumber])
        expect(Array.from(mask(text)).length - 3).toBeLessThanOrEqual(Array.from(text).length / 3)
    }),
  )
})
