/**
 * Receipts: the signed proof that an issuance is what the endpoints serve.
 *
 * @module
 */
import { z } from 'zod'
import { byId, paging, read } from './operation.ts'
import { receiptView } from './receipt-views.ts'
import { id, page } from './views.ts'

export const receipts = {
  list: read('/certificates/{id}/receipts', 'Receipts', 'List its receipts, newest first', 'certificates:read')
    .input(z.strictObject({ id, ...paging }))
    .output(page(receiptView)),
  listAll: read('/receipts', 'Receipts', 'List the receipts of the account, newest first', 'certificates:read')
    .input(z.strictObject(paging))
    .output(page(receiptView)),
  get: read('/receipts/{id}', 'Receipts', 'One receipt', 'certificates:read').input(byId).output(receiptView),
  pdf: read('/receipts/{id}/pdf', 'Receipts', 'One receipt as PDF, in English', 'certificates:read')
    .input(byId)
    .output(z.file().mime('application/pdf')),
}
