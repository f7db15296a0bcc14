/**
 * Payments, and the connections to the providers that they go through.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, paging, read, remove, write } from './operation.ts'
import { paymentConnectionView, paymentView } from './payment-views.ts'
import { id, page } from './views.ts'

export const payments = {
  list: read('/payments', 'Payments', 'List payments, newest first', 'orders:read')
    .input(z.strictObject({ orderId: id.optional(), ...paging }))
    .output(page(paymentView)),
  get: read('/payments/{id}', 'Payments', 'One payment', 'orders:read').input(byId).output(paymentView),
  check: write('/payments/{id}/check', 'Payments', 'Ask the provider now how a payment stands', 'orders:write', { audit: 'none' })
    .input(byId)
    .output(paymentView),
  recordReceipt: write(
    '/payments/{id}/receipts',
    'Payments',
    'Record money that came in for an invoice, in whole or in part (operator)',
    'installation:operate',
    { idempotent: true, created: true },
  )
    .input(
      z.strictObject({
        id,
        amountMinor: z.int().min(1).max(1_000_000_000_00),
        currency: z.string().regex(/^[A-Z]{3}$/),
        reference: line(64).meta({ description: "The bank's: the same one never counts twice" }),
        note: line(200, 0).optional(),
      }),
    )
    .output(paymentView),
}

const settings = { title: line(64), config: z.record(z.string(), z.unknown()) }

const paymentConnectionDetail = paymentConnectionView.extend({
  config: z.record(z.string(), z.unknown()).meta({ description: 'Without its secrets' }),
  secretsSet: z.array(z.string()).meta({ description: 'Which secrets are set' }),
})
export type PaymentConnectionDetail = z.infer<typeof paymentConnectionDetail>

export const paymentConnections = {
  list: read('/payment-connections', 'Payments', 'List the ways to pay besides the balance', 'orders:read').output(
    page(paymentConnectionView),
  ),
  create: write('/payment-connections', 'Payments', 'Connect a payment provider (operator)', 'installation:operate', {
    created: true,
  })
    .input(z.strictObject({ id: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/), kind: z.string().min(1).max(32), ...settings }))
    .output(paymentConnectionView),
  get: read(
    '/payment-connections/{id}',
    'Payments',
    'One connection with its settings, without their secrets (operator)',
    'installation:operate',
  )
    .input(byId)
    .output(paymentConnectionDetail),
  update: write(
    '/payment-connections/{id}',
    'Payments',
    'Change title or settings of a connection, secrets that are left out stay unless they would go elsewhere; or stop new payments by it (operator)',
    'installation:operate',
  )
    .input(
      z.strictObject({
        id,
        title: settings.title.optional(),
        config: settings.config.optional(),
        enabled: z.boolean().optional(),
      }),
    )
    .output(paymentConnectionView),
  remove: remove(
    '/payment-connections/{id}',
    'Payments',
    'Forget a connection by which nobody ever paid, with its settings (operator)',
    'installation:operate',
  )
    .input(byId)
    .output(byId),
}
