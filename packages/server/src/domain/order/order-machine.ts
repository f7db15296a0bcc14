/**
 * What becomes of an order: bought, paid, given back.
 *
 * @module
 */
import { machine } from '../machine.ts'

/**
 * `expired`: not paid in time. `refunded`: the money went back (DOMAIN §5). An order that is paid and never refunded stays `paid`:
 * what becomes of its certificate is the certificate's status, not the order's.
 */
export const orderMachine = machine('order', 'placed', {
  placed: ['paid', 'cancelled', 'expired'],
  paid: ['refunded'],
  cancelled: [],
  expired: [],
  refunded: [],
})

export type OrderState = (typeof orderMachine.states)[number]
