/**
 * Money that an operator saw come in for an invoice, in whole or in part.
 *
 * @module
 */
import type { PaymentView } from '@evercert/contract'
import type { Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { findAdapter, type Caller, type Services } from '../context.ts'
import { loadPayment, toPaymentView } from './payments.ts'
import { receiveFor } from './settle.ts'

export interface RecordedReceipt {
  readonly paymentId: string
  readonly amountMinor: number
  readonly currency: string
  readonly reference: string
  readonly note: string | null
}

/**
 * Repeating a reference with the same amount changes nothing. Money for an invoice that ended goes to the balance.
 *
 * @throws AppError `notFound`, `conflict` (the provider reports by itself; the reference came with another amount), `invalid` (currency)
 */
export async function recordReceipt(
  services: Services,
  trx: Trx,
  caller: Caller,
  { paymentId, amountMinor, currency, reference, note }: RecordedReceipt,
): Promise<PaymentView> {
  const { accountId, actor } = caller
  const payment = await loadPayment(trx, accountId, paymentId)
  await refuseUnlessInvoice(services, trx, paymentId, payment.connection_id)
  if (currency !== payment.currency) {
    throw new AppError('invalid', `Recording a receipt: the invoice is in ${payment.currency}: book ${currency} as a top-up.`)
  }
  const amount = { amountMinor, currency }
  const isNew = await receiveFor(services, trx, { accountId, actor, paymentId }, { reference, amount, note, partial: true })
  if (!isNew) await refuseOtherAmount(trx, accountId, { paymentId, amountMinor, reference })
  return toPaymentView(await loadPayment(trx, accountId, paymentId))
}

async function refuseUnlessInvoice(services: Services, trx: Trx, id: string, connectionId: string | null): Promise<void> {
  const connection = await trx.selectFrom('payment_connection').select('kind').where('id', '=', connectionId).executeTakeFirst()
  const isInvoice =
    connection !== undefined && findAdapter(services.adapters.payment, connection.kind, 'payment').recordedByOperator
  if (isInvoice) return
  throw new AppError('conflict', `Recording a receipt for ${id}: it is no invoice: its provider reports what came in.`)
}

async function refuseOtherAmount(
  trx: Trx,
  accountId: string,
  wish: { readonly paymentId: string; readonly amountMinor: number; readonly reference: string },
): Promise<void> {
  const known = await trx
    .selectFrom('payment_receipt')
    .select('amount_minor')
    .where('account_id', '=', accountId)
    .where('payment_id', '=', wish.paymentId)
    .where('reference', '=', wish.reference)
    .executeTakeFirstOrThrow()
  if (known.amount_minor === wish.amountMinor) return
  throw new AppError('conflict', `Recording a receipt: ${wish.reference} was recorded with another amount: check the reference.`)
}
