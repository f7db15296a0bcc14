import { expect, test } from 'vitest'
import {
  afterFailedAttempt,
  deliveryMachine,
  GIVE_UP_AFTER_ATTEMPTS,
  HAND_OVER_AFTER_ATTEMPTS,
} from '../../../src/domain/notice/delivery-machine.ts'
import { HOUR_MS } from '../../../src/domain/time.ts'

const now = 1_000_000

test('what was sent, given up or is obsolete stays so', () => {
  for (const state of ['sent', 'givenUp', 'obsolete'] as const) expect(deliveryMachine.isFinal(state)).toBe(true)
})

test('a refusal for good is given up at once, and the next channel has it', () => {
  const outcome = afterFailedAttempt(1, { retry: 'never', retryAfterSeconds: null }, now)
  expect(outcome).toEqual({ do: 'giveUp', handOver: true })
})

test('an outage is tried later and later, handed over once, and given up in the end', () => {
  const outcomes = Array.from({ length: GIVE_UP_AFTER_ATTEMPTS }, (_, index) =>
    afterFailedAttempt(index + 1, { retry: 'backoff', retryAfterSeconds: null }, now),
  )
  expect(outcomes.filter(({ handOver }) => handOver)).toHaveLength(1)
  expect(outcomes[HAND_OVER_AFTER_ATTEMPTS - 1]).toMatchObject({ do: 'retry', handOver: true })
  expect(outcomes.at(-1)).toEqual({ do: 'giveUp', handOver: false })
  const times = outcomes.flatMap((outcome) => (outcome.do === 'retry' ? [outcome.at] : []))
  expect(times).toHaveLength(GIVE_UP_AFTER_ATTEMPTS - 1)
  expect(times).toEqual(times.toSorted((one, other) => one - other))
})

test('who asks for time gets it, within six hours', () => {
  const wait = (retryAfterSeconds: number) => afterFailedAttempt(1, { retry: 'after', retryAfterSeconds }, now)
  expect(wait(600)).toMatchObject({ at: now + 600_000 })
  expect(wait(1)).toMatchObject({ at: now + 5000 })
  expect(wait(999_999)).toMatchObject({ at: now + 6 * HOUR_MS })
})
