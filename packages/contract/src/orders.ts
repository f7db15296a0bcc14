/**
 * The catalogue, quotes, orders, renewals and the balance.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, paging, read, write } from './operation.ts'
import { payingOrderView } from './payment-views.ts'
import { balanceView, orderDetail, orderRequest, orderView, productPrice, productView, quoteView } from './order-views.ts'
import { id, page, renewalView, specification } from './views.ts'

const productTitle = z.object({ en: line(128), zh: line(128) })

export const products = {
  list: read('/products', 'Orders', 'The catalogue with prices', 'orders:read').output(page(productView)),
  create: write('/products', 'Orders', 'Add a product to the catalogue (operator)', 'installation:operate', { created: true })
    .input(
      productView
        .omit({ issuerTitle: true, brandTitle: true, validityRule: true, retiredAt: true, issuerRetiredAt: true })
        .extend({
          id: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
          title: productTitle,
          specification: specification.extend({ grade: line(64), brand: line(64) }),
          createBrand: z.boolean().default(true).meta({
            description: 'Adds a brand that is not in the list; false: an unknown one is refused, with those that there are',
          }),
        })
        .strict(),
    )
    .output(productView),
  update: write(
    '/products/{id}',
    'Orders',
    'Change titles or prices of a product; orders that are placed keep theirs (operator)',
    'installation:operate',
  )
    .input(z.strictObject({ id, title: productTitle.optional(), prices: z.array(productPrice).min(1).max(60).optional() }))
    .output(productView),
  retire: write(
    '/products/{id}/retire',
    'Orders',
    'Stop selling a product; what was sold goes on (operator)',
    'installation:operate',
  )
    .input(byId)
    .output(productView),
  restore: write('/products/{id}/restore', 'Orders', 'Sell a retired product again (operator)', 'installation:operate')
    .input(byId)
    .output(productView),
}

export const quotes = {
  create: write('/quotes', 'Orders', 'Price, top-up and what a changed specification loses; nothing is bought', 'orders:read', {
    audit: 'none',
  })
    .input(orderRequest)
    .output(quoteView),
}

export const orders = {
  list: read('/orders', 'Orders', 'List orders, newest first', 'orders:read')
    .input(z.strictObject(paging))
    .output(page(orderView)),
  get: read('/orders/{id}', 'Orders', 'One order, and what paying it gets', 'orders:read').input(byId).output(orderDetail),
  place: write('/orders', 'Orders', 'Place an order; a renewal reserves the old certificate', 'orders:write', {
    idempotent: 'required',
    created: true,
    audit: 'history',
  })
    .input(orderRequest)
    .output(orderView),
  pay: write(
    '/orders/{id}/pay',
    'Orders',
    'Pay from the balance: the new certificate appears; or by a payment connection: the answer says where to pay',
    'orders:write',
    { idempotent: 'required', audit: 'history' },
  )
    .input(
      z.strictObject({
        id,
        method: z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,30}$/)
          .default('balance')
          .meta({ description: '`balance`, or the id of a payment connection' }),
      }),
    )
    .output(payingOrderView),
  cancel: write('/orders/{id}/cancel', 'Orders', 'Cancel an unpaid order', 'orders:write').input(byId).output(orderView),
}

export const renewals = {
  get: read('/renewals/{id}', 'Orders', 'One renewal', 'orders:read').input(byId).output(renewalView),
}

export const balance = {
  get: read('/balance', 'Balance', 'The balance and its latest entries', 'orders:read').output(balanceView),
  topUp: write('/balance/top-ups', 'Balance', 'Record money received (operator)', 'installation:operate', {
    idempotent: 'required',
    created: true,
  })
    .input(
      z.strictObject({
        amountMinor: z.int().min(1).max(1_000_000_000_00),
        currency: z.string().regex(/^[A-Z]{3}$/),
        note: line(200, 0).optional(),
      }),
    )
    .output(balanceView),
}
