/**
 * What becomes of one attempt to pay an order, or to top up a balance.
 *
 * @module
 */
import { machine } from '../machine.ts'

/** An attempt that failed or was cancelled is never revived: paying again is a new payment, so a late callback cannot count twice. */
export const paymentMachine = machine('payment', 'created', {
  created: ['succeeded', 'failed', 'cancelled'],
  succeeded: ['refunded'],
  failed: [],
  cancelled: [],
  refunded: [],
})

export type PaymentState = (typeof paymentMachine.states)[number]
