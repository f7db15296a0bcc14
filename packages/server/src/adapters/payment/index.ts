/**
 * The payment adapters. One line each.
 *
 * @module
 */
import type { PaymentAdapter } from '../../ports/payment.ts'
import { alipay } from './alipay.ts'
import { offlineInvoice } from './offline-invoice.ts'
import { stripe } from './stripe.ts'

/** Each parses its own settings: `config` first, then `create` with what it gave. */
export const paymentAdapters: readonly PaymentAdapter[] = [offlineInvoice, stripe, alipay]
