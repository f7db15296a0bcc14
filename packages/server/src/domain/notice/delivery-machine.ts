/**
 * One notice on its way through one channel.
 *
 * @module
 */
import { backoffMs } from '../backoff.ts'
import { machine } from '../machine.ts'

/**
 * `planned`: not tried yet. `failed`: tried in vain, and tried again. `sent`: the channel accepted it. `givenUp`: not tried any more; the next
 * channel has it, and the inbox says so. `obsolete`: nobody needs it any more, or the channel was removed.
 */
export const deliveryMachine = machine('notice_delivery', 'planned', {
  planned: ['sent', 'failed', 'givenUp', 'obsolete'],
  failed: ['sent', 'givenUp', 'obsolete'],
  sent: [],
  givenUp: [],
  obsolete: [],
})

export type DeliveryState = (typeof deliveryMachine.states)[number]

/** About two hours. */
export const GIVE_UP_AFTER_ATTEMPTS = 8
/** The next channel takes over before this one is given up: the reader does not wait for hours. */
export const HAND_OVER_AFTER_ATTEMPTS = 3

export type AttemptOutcome =
  | { readonly do: 'giveUp'; readonly handOver: boolean }
  | { readonly do: 'retry'; readonly at: number; readonly handOver: boolean }

/**
 * What follows a failed attempt. In the life of a delivery the next channel is called once.
 *
 * @param attempts how many were made, this one included
 * @param failure how its code is retried, and what the other side asked for
 */
export function afterFailedAttempt(
  attempts: number,
  failure: { readonly retry: 'never' | 'after' | 'backoff'; readonly retryAfterSeconds: number | null },
  now: number,
): AttemptOutcome {
  if (failure.retry === 'never' || attempts >= GIVE_UP_AFTER_ATTEMPTS)
    return { do: 'giveUp', handOver: attempts <= HAND_OVER_AFTER_ATTEMPTS }
  const delayMs = Math.max(backoffMs('upstream', attempts), (failure.retryAfterSeconds ?? 0) * 1000)
  return { do: 'retry', at: now + Math.min(delayMs, MAX_DELAY_MS), handOver: attempts === HAND_OVER_AFTER_ATTEMPTS }
}

/** Whatever the other side asks for. */
const MAX_DELAY_MS = 6 * 3_600_000
