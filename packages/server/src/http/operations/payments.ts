/**
 * Payments and payment connections: each operation one line to its service.
 *
 * @module
 */
import { runOnce } from '../../services/idempotency.ts'
import {
  createPaymentConnection,
  listPaymentConnections,
  loadPaymentConnectionDetail,
  removePaymentConnection,
  updatePaymentConnection,
} from '../../services/payment-connections.ts'
import { listPayments, loadPayment, toPaymentView } from '../../services/provider-payments/payments.ts'
import { checkPayment } from '../../services/provider-payments/poll.ts'
import { recordReceipt } from '../../services/provider-payments/record-receipt.ts'
import { call, onePage, operations } from './operation.ts'

export const payments = {
  list: operations.payments.list.handler(({ context: { services, caller }, input }) => listPayments(services, caller, input)),
  get: operations.payments.get.handler(async ({ context: { services, caller }, input }) =>
    toPaymentView(await loadPayment(services.db, caller.accountId, input.id)),
  ),
  check: operations.payments.check.handler(({ context: { services, caller }, input }) =>
    checkPayment(services, caller, input.id),
  ),
  recordReceipt: operations.payments.recordReceipt.handler(({ context, input }) =>
    runOnce(context.services, context.caller, call(context, 'payments.recordReceipt', input), (trx) => {
      const { id, note, ...receipt } = input
      return recordReceipt(context.services, trx, context.caller, { ...receipt, paymentId: id, note: note ?? null })
    }),
  ),
}

export const paymentConnections = {
  list: operations.paymentConnections.list.handler(async ({ context: { services } }) =>
    onePage(await listPaymentConnections(services)),
  ),
  create: operations.paymentConnections.create.handler(({ context: { services }, input }) =>
    createPaymentConnection(services, input),
  ),
  get: operations.paymentConnections.get.handler(({ context: { services }, input }) =>
    loadPaymentConnectionDetail(services, input.id),
  ),
  update: operations.paymentConnections.update.handler(({ context: { services }, input }) => {
    const { id, ...change } = input
    return updatePaymentConnection(services, id, change)
  }),
  remove: operations.paymentConnections.remove.handler(({ context: { services }, input }) =>
    removePaymentConnection(services, input.id),
  ),
}
