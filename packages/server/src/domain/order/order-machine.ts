/**
 * What becomes of an order: bought, paid, given back.
 *
 * @module
 */
import { machine } from '../machine.ts'

/**
 * `expired`: not paid in time. `refunded`: the money went back (DOMAIN §5). `closed`: the entitlement is over, or the order was given up
 * after the refund period, without money back.
 */
export const orderMachine = machine('order', 'placed', {
  placed: ['paid', 'cancelled', 'expired'],
  paid: ['refunded', 'closed'],
  cancelled: [],
  expired: [],
  refunded: [],
  closed: [],
})

export type OrderState = (typeof orderMachine.states)[number]
