/**
 * The tables of payments and of the connections that they go through.
 *
 * @module
 */
import type { ColumnType, Generated } from 'kysely'
import type { PaymentState } from '../domain/payment/payment-machine.ts'
import type { PaymentPlace } from '../ports/payment.ts'

export interface PaymentTable {
  id: string
  account_id: string
  order_id: string
  /** `balance`, or the kind of the connection. */
  method: string
  state: PaymentState
  version: Generated<number>
  amount_minor: number
  currency: string
  created_at: Date
  /** Null when paid from the balance. */
  connection_id: string | null
  /** What the provider calls it; null until the provider was asked. */
  external_id: string | null
  /** Written as JSON text. */
  place: ColumnType<PaymentPlace | null, string | null, string | null>
  /** What has come in so far, in the payment's currency. */
  received_minor: Generated<number>
  expires_at: Date | null
  poll_at: Date | null
  polls: Generated<number>
  problem: string | null
}

export interface PaymentConnectionTable {
  id: string
  title: string
  kind: string
  config_secret_id: string
  enabled: Generated<boolean>
  created_at: Date
}

export interface PaymentReceiptTable {
  payment_id: string
  reference: string
  account_id: string
  amount_minor: number
  currency: string
  note: string | null
  recorded_by: string
  received_at: Date
}
