/**
 * What becomes of one attempt to pay an order, or to top up a balance.
 *
 * @module
 */
import { machine } from '../machine.ts'

/**
 * An attempt that failed or was cancelled is never revived: paying again is a new payment, so a late callback cannot count twice. Money that
 * came and pays no order is `credited`: it is on the balance.
 */
export const paymentMachine = machine('payment', 'created', {
  created: ['succeeded', 'credited', 'failed', 'cancelled'],
  succeeded: ['refunded'],
  credited: [],
  failed: ['credited'],
  cancelled: ['credited'],
  refunded: [],
})

export type PaymentState = (typeof paymentMachine.states)[number]
