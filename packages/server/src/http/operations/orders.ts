/**
 * The catalogue, quotes, orders, renewals and the balance: each operation one line to its service.
 *
 * @module
 */
import { createProduct, listProducts, toProductView } from '../../services/catalogue.ts'
import { payWithinRules, startPayingWithinRules } from '../../services/approvals/pay.ts'
import { runOnce, runOnceWith } from '../../services/idempotency.ts'
import { createQuote, draftQuoted, placeOrder } from '../../services/orders.ts'
import { loadBalance, topUpBalance } from '../../services/payments.ts'
import { restoreProduct, retireProduct, updateProduct } from '../../services/product-changes.ts'
import { loadOrderDetail } from '../../services/order-offer.ts'
import { listOrders } from '../../services/read-orders.ts'
import { loadRenewal } from '../../services/renewals.ts'
import { cancelOrder } from '../../services/unpaid-orders.ts'
import { call, onePage, operations } from './operation.ts'

export const products = {
  list: operations.products.list.handler(async ({ context: { services } }) =>
    onePage((await listProducts(services)).map((product) => toProductView(product))),
  ),
  create: operations.products.create.handler(async ({ context: { services }, input }) =>
    toProductView(await createProduct(services, input)),
  ),
  update: operations.products.update.handler(({ context: { services }, input }) => updateProduct(services, input.id, input)),
  retire: operations.products.retire.handler(({ context: { services }, input }) => retireProduct(services, input.id)),
  restore: operations.products.restore.handler(({ context: { services }, input }) => restoreProduct(services, input.id)),
}

export const quotes = {
  create: operations.quotes.create.handler(({ context: { services, caller }, input }) => createQuote(services, caller, input)),
}

export const orders = {
  list: operations.orders.list.handler(({ context: { services, caller }, input }) =>
    listOrders(services, caller, { cursor: input.cursor, limit: input.limit }),
  ),
  get: operations.orders.get.handler(({ context: { services, caller }, input }) => loadOrderDetail(services, caller, input.id)),
  place: operations.orders.place.handler(({ context, input }) =>
    runOnceWith(
      context.services,
      context.caller,
      call(context, 'orders.place', input),
      () => draftQuoted(context.services, context.caller, input),
      (trx, draft) => placeOrder(context.services, trx, context.caller, draft),
    ),
  ),
  pay: operations.orders.pay.handler(async ({ context, input }) => {
    const { services, caller } = context
    const once = call(context, 'orders.pay', input)
    if (input.method !== 'balance') return startPayingWithinRules(services, caller, once, input)
    const order = await payWithinRules(services, caller, once, input)
    return { ...order, paymentPending: null }
  }),
  cancel: operations.orders.cancel.handler(({ context: { services, caller }, input }) => cancelOrder(services, caller, input.id)),
}

export const renewals = {
  get: operations.renewals.get.handler(({ context: { services, caller }, input }) => loadRenewal(services, caller, input.id)),
}

export const balance = {
  get: operations.balance.get.handler(({ context: { services, caller } }) => loadBalance(services.db, caller)),
  topUp: operations.balance.topUp.handler(({ context, input }) =>
    runOnce(context.services, context.caller, call(context, 'balance.topUp', input), (trx) =>
      topUpBalance(context.services, trx, context.caller, {
        amountMinor: input.amountMinor,
        currency: input.currency,
        note: input.note ?? null,
        reference: context.idempotencyKey ?? context.requestId,
      }),
    ),
  ),
}
