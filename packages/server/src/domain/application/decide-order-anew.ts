/**
 * What follows when a CA ends an order because it did not see the proof, or by an error of its own: ACME orders cannot be repaired (RFC
 * 8555 §7.1.6), and a CA that looked while a server was restarting is no reason to ask a person.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import { backoffMs } from '../backoff.ts'
import { RETRY } from '../errors.ts'
import type { ApplicationForm } from './prefill.ts'

/** Together within the five failed validations that Let's Encrypt allows for a name in an hour. */
const MAX_ORDERS = 4

export interface RefusalFacts {
  /** The code of the CA's refusal. */
  readonly refusal: ProblemCode
  /** `dnsManual`: the next order has another proof, and only a person can put that in place. */
  readonly validationMethod: ApplicationForm['validationMethod']
  /** How many orders the application has had at the CA, 1 or more. */
  readonly ordersPlaced: number
}

/** When the application is ordered anew by itself, epoch milliseconds; null: a person has to look at it. */
export function decideOrderAnew({ refusal, validationMethod, ordersPlaced }: RefusalFacts, now: number): number | null {
  const mayPass = refusal === 'validationFailed' || RETRY[refusal] !== 'never'
  if (!mayPass || validationMethod === 'dnsManual' || ordersPlaced >= MAX_ORDERS) return null
  return now + backoffMs('order', ordersPlaced)
}
