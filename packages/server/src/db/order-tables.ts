/**
 * The tables of the catalogue, of orders and of money.
 *
 * @module
 */
import type { Generated } from 'kysely'
import type { OrderState } from '../domain/order/order-machine.ts'
import type { LedgerMovement } from '../domain/payment/ledger.ts'
import type { CertificateType, DomainType } from '../domain/product/specification.ts'

export interface ProductTable {
  id: string
  issuer_id: string
  title_en: string
  title_zh: string
  domain_type: DomainType
  certificate_type: CertificateType
  grade: string
  brand: string
  supports_renewal: boolean
  created_at: Date
  retired_at: Date | null
}

export interface ProductPriceTable {
  product_id: string
  term_years: number
  currency: string
  base_minor: number
  included_domains: number
  extra_domain_minor: number
}

export interface OrderTable {
  id: string
  account_id: string
  kind: 'new' | 'renewal'
  state: OrderState
  version: Generated<number>
  product_id: string
  domain_type: DomainType
  certificate_type: CertificateType
  grade: string
  brand: string
  domain_count: number
  term_years: number
  amount_minor: number
  currency: string
  same_specification: boolean
  renews_certificate_id: string | null
  placed_at: Date
  paid_at: Date | null
}

export interface LedgerTransactionTable {
  id: string
  account_id: string
  kind: LedgerMovement
  reference: string
  order_id: string | null
  note: string | null
  created_at: Date
}

export interface LedgerEntryTable {
  transaction_id: string
  account_id: string
  ledger_account: string
  amount_minor: number
  currency: string
}

export interface BalanceTable {
  account_id: string
  currency: string
  amount_minor: number
}
