/**
 * Receipts: each operation one line to its service.
 *
 * @module
 */
import { listAllReceipts, listReceipts, loadReceipt, receiptPdf } from '../../services/receipts/receipts.ts'
import { operations } from './operation.ts'

export const receipts = {
  list: operations.receipts.list.handler(({ context: { services, caller }, input }) => listReceipts(services, caller, input)),
  listAll: operations.receipts.listAll.handler(({ context: { services, caller }, input }) =>
    listAllReceipts(services, caller, input),
  ),
  get: operations.receipts.get.handler(({ context: { services, caller }, input }) => loadReceipt(services, caller, input.id)),
  pdf: operations.receipts.pdf.handler(({ context: { services, caller }, input }) => receiptPdf(services, caller, input.id)),
}
