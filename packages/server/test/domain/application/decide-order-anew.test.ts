import { PROBLEMS, type ProblemCode } from '@evercert/contract'
import { expect, test } from 'vitest'
import { RETRY } from '../../../src/domain/errors.ts'
import { decideOrderAnew } from '../../../src/domain/application/decide-order-anew.ts'

const NOW = Date.UTC(2026, 10, 24)
const FAILED = { refusal: 'validationFailed', validationMethod: 'file', ordersPlaced: 1 } as const

test.each([
  [1, 5],
  [2, 60],
  [3, 600],
])('after order %i it is ordered anew in %i seconds', (ordersPlaced, seconds) => {
  expect(decideOrderAnew({ ...FAILED, ordersPlaced }, NOW)).toBe(NOW + seconds * 1000)
})

test.each([4, 5, 100])('after order %i a person is asked', (ordersPlaced) => {
  expect(decideOrderAnew({ ...FAILED, ordersPlaced }, NOW)).toBeNull()
})

test('the proofs of automatic DNS are ours to put in place again; those of DNS by hand are not', () => {
  expect(decideOrderAnew({ ...FAILED, validationMethod: 'dnsAutomatic' }, NOW)).not.toBeNull()
  expect(decideOrderAnew({ ...FAILED, validationMethod: 'dnsManual' }, NOW)).toBeNull()
})

const CODES = Object.keys(PROBLEMS) as ProblemCode[]
const mayPass = (code: ProblemCode): boolean => code === 'validationFailed' || RETRY[code] !== 'never'

test.each(CODES.filter((code) => !mayPass(code)))('a refusal as %s is not repeated', (refusal) => {
  expect(decideOrderAnew({ ...FAILED, refusal }, NOW)).toBeNull()
})

test.each(CODES.filter(mayPass))('an order that ended as %s is placed anew: the next may fare better', (refusal) => {
  expect(decideOrderAnew({ ...FAILED, refusal }, NOW)).toBe(NOW + 5000)
})
