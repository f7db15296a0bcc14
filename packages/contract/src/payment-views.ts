/**
 * Payments as the API shows them.
 *
 * @module
 */
import { z } from 'zod'
import { orderView } from './order-views.ts'
import { id, instant, money } from './views.ts'

export const paymentPlace = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('redirect'), url: z.string().meta({ description: 'Where the payer goes with a browser' }) }),
  z.object({
    kind: z.literal('invoice'),
    number: z.string().meta({ description: 'What the transfer has to name' }),
    dueAt: instant,
    instructions: z.string(),
  }),
])

export const paymentView = z.object({
  id,
  orderId: id,
  method: z.string().meta({ description: '`balance`, or the id of the payment connection' }),
  state: z
    .enum(['created', 'succeeded', 'credited', 'failed', 'cancelled', 'refunded'])
    .meta({ description: '`credited`: the money came, paid no order, and is on the balance' }),
  amount: money,
  received: money.meta({ description: 'What has come in so far' }),
  place: paymentPlace.nullable().meta({ description: 'Where to pay; null from the balance, or before the provider answered' }),
  problem: z.string().nullable(),
  expiresAt: instant.nullable(),
  createdAt: instant,
})
export type PaymentView = z.infer<typeof paymentView>

/** An order after the attempt to pay it: paid, or waiting for what happens at `paymentPending.place`. */
export const payingOrderView = orderView.extend({ paymentPending: paymentView.nullable() })
export type PayingOrderView = z.infer<typeof payingOrderView>

export const paymentConnectionView = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.string(),
  enabled: z.boolean(),
  callbackUrl: z
    .string()
    .nullable()
    .meta({ description: 'What the provider has to be told to report to; null while the service has no public address' }),
})
export type PaymentConnectionView = z.infer<typeof paymentConnectionView>
