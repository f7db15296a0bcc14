/**
 * States of orders and payments as marks, and where an order leads.
 *
 * @module
 */
import type { OrderView, PaymentView, ProductView } from '@evercert/contract'
import type { Tone } from '../../components/status-mark.tsx'
import { pick } from '../../i18n/i18n.ts'

export const ORDER_TONES: Readonly<Record<OrderView['state'], Tone>> = {
  placed: 'todo',
  paid: 'good',
  cancelled: 'ended',
  expired: 'ended',
  refunded: 'ended',
}

export const PAYMENT_TONES: Readonly<Record<PaymentView['state'], Tone>> = {
  created: 'busy',
  succeeded: 'good',
  credited: 'warning',
  failed: 'bad',
  cancelled: 'ended',
  refunded: 'ended',
}

export function orderPlace(id: string): string {
  return `/orders/${encodeURIComponent(id)}`
}

/** Its title; its id when it is not in the catalogue any more. */
export function productTitle(products: readonly ProductView[] | undefined, productId: string): string {
  const product = products?.find(({ id }) => id === productId)
  return product === undefined ? productId : pick(product.title)
}
