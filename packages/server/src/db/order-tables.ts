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
  /** Its place among the prices of a term: the first one's currency is the default. */
  rank: number
}

export interface BrandTable {
  /** Stands in specifications. */
  name: string
  title_en: string
  title_zh: string
  created_at: Date
}

export interface PromotionTable {
  id: string
  title_en: string
  title_zh: string
  /** Null: applies without one. */
  code: string | null
  /** Either a percentage, or an amount in one currency. */
  percent: number | null
  amount_minor: number | null
  currency: string | null
  /** Null: all. */
  product_ids: string[] | null
  term_years: number[] | null
  starts_at: Date
  ends_at: Date | null
  max_uses: number | null
  uses: Generated<number>
  withdrawn_at: Date | null
  created_at: Date
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
  /** What is paid: the list price less the discount. */
  amount_minor: number
  currency: string
  discount_minor: Generated<number>
  promotion_id: Generated<string | null>
  promotion_title_en: Generated<string | null>
  promotion_title_zh: Generated<string | null>
  promotion_percent: Generated<number | null>
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
