/**
 * The tables as Kysely sees them. Columns are enumerated in every query; `timestamptz` is a Date here and epoch milliseconds above.
 *
 * @module
 */
import type { Generated, JSONColumnType } from 'kysely'
import type { ApplicationForm } from '../domain/application/prefill.ts'
import type { ApplicationState } from '../domain/application/application-machine.ts'
import type { DeploymentState } from '../domain/deployment/deployment-machine.ts'
import type { OrderState } from '../domain/order/order-machine.ts'
import type { PaymentState } from '../domain/payment/payment-machine.ts'
import type { CertificateType, DomainType } from '../domain/product/specification.ts'
import type { RenewalState } from '../domain/renewal/renewal-machine.ts'
import type { RevocationState } from '../domain/revocation/revocation-machine.ts'
import type { RevocationReason } from '../ports/ca.ts'
import type { BuiltinChallenge } from '../ports/kit.ts'
import type { CertificateListingTable, CertificateTagTable } from './certificate-list-tables.ts'

interface Bilingual {
  readonly en: string
  readonly zh: string
}

export interface AccountTable {
  id: string
  name: string
  created_at: Date
}

export interface AccessTokenTable {
  id: string
  account_id: string
  name: string
  token_sha256: string
  scopes: string[]
  created_at: Date
  expires_at: Date | null
}

export interface SecretTable {
  id: string
  account_id: string | null
  purpose: string
  master_key_id: string
  wrapped_key: Uint8Array
  ciphertext: Uint8Array
  created_at: Date
}

export interface IssuerTable {
  id: string
  title: string
  kind: string
  config_secret_id: string
  account_secret_id: string | null
  account_opened_at: Date | null
  root_pem: string | null
  validity_rule: 'public' | 'private'
  created_at: Date
}

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

export interface PaymentTable {
  id: string
  account_id: string
  order_id: string
  method: string
  state: PaymentState
  version: Generated<number>
  amount_minor: number
  currency: string
  created_at: Date
}

export interface LedgerTransactionTable {
  id: string
  account_id: string
  kind: 'topUp' | 'payment' | 'refund'
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

export interface CertificateTable {
  id: string
  account_id: string
  name: string
  origin: 'purchased' | 'uploaded'
  managed: Generated<boolean>
  product_id: string | null
  order_id: string | null
  renews_certificate_id: string | null
  lineage_id: string
  lineage_index: number
  closed_as: 'cancelled' | 'refunded' | 'closed' | null
  closed_at: Generated<Date | null>
  revocation_requested_at: Date | null
  revocation_confirmed_at: Generated<Date | null>
  revoked_at: Date | null
  application_id: string | null
  issuance_id: string | null
  served_at: Date | null
  probe_failures: Generated<number>
  probe_due_at: Date | null
  advance_at: Date | null
  created_at: Date
}

export interface RenewalTable {
  id: string
  account_id: string
  old_certificate_id: string
  new_certificate_id: string | null
  order_id: string
  state: RenewalState
  version: Generated<number>
  created_at: Date
  closed_at: Date | null
}

export interface RevocationTable {
  id: string
  account_id: string
  certificate_id: string
  state: RevocationState
  version: Generated<number>
  reason: RevocationReason
  failures: Generated<number>
  failed_code: string | null
  failed_detail: string | null
  retry_at: Date | null
  requested_at: Date
  requested_by: string
  confirmed_at: Date | null
  confirmed_by: string | null
  ended_at: Date | null
}

export interface EntitlementTable {
  certificate_id: string
  account_id: string
  term_years: number
  starts_at: Date
  entitled_until: Date
  topped_up_days: number
}

export interface DnsConnectionTable {
  id: string
  account_id: string
  name: string
  kind: string
  config_secret_id: string
  created_at: Date
}

export interface PrivateKeyTable {
  id: string
  account_id: string
  algorithm: string
  spki_sha256: string
  secret_id: string
  created_at: Date
}

export interface ApplicationTable {
  id: string
  account_id: string
  certificate_id: string
  issuer_id: string
  state: ApplicationState
  version: Generated<number>
  form: JSONColumnType<ApplicationForm>
  identifiers: string[]
  method: 'file' | 'dns'
  private_key_id: string | null
  spki_sha256: string | null
  csr: Uint8Array | null
  reference: string
  first_attempt_at: Date | null
  ca_order_ref: string | null
  orders_placed: Generated<number>
  /** What the CA signed and does not fit: kept as evidence. */
  refused_chain_pem: string | null
  proof_published_at: Date | null
  answered_at: Date | null
  finalize_started_at: Date | null
  failures: Generated<number>
  failed_code: string | null
  failed_detail: string | null
  retry_at: Date | null
  /** TXT records of ours may be in the DNS; not before this they are removed once the application ended. */
  txt_remove_at: Generated<Date | null>
  submitted_at: Date
}

export interface ValidationTable {
  application_id: string
  account_id: string
  ref: string
  identifier: string
  wildcard: boolean
  method: 'file' | 'dns'
  location: string
  content: string
  state: 'pending' | 'processing' | 'valid' | 'invalid'
  problem: string | null
  validated_at: Date | null
}

export interface IssuanceTable {
  id: string
  account_id: string
  certificate_id: string
  application_id: string | null
  private_key_id: string | null
  sha256: string
  serial: string
  issuer: string
  names: string[]
  common_name: string | null
  spki_sha256: string
  not_before: Date
  not_after: Date
  window_opens_at: Date
  chain_pem: string
  created_at: Date
}

export interface TargetTable {
  id: string
  account_id: string
  certificate_id: string
  name: string
  kind: string
  config_secret_id: string
  created_at: Date
}

export interface DeploymentTable {
  id: string
  account_id: string
  target_id: string
  issuance_id: string
  certificate_id: string
  state: DeploymentState
  version: Generated<number>
  log: JSONColumnType<readonly string[]>
  failures: Generated<number>
  problem: string | null
  retry_at: Date | null
  created_at: Date
  updated_at: Date
}

export interface EndpointTable {
  id: string
  account_id: string
  certificate_id: string
  host: string
  port: number
  server_name: string
  created_at: Date
}

export interface ObservationTable {
  endpoint_id: string
  account_id: string
  address: string
  certificate_id: string
  verdict: string
  sha256: string | null
  chain_sha256: string[]
  not_before: Date | null
  not_after: Date | null
  cause: JSONColumnType<Bilingual>
  remedy: JSONColumnType<Bilingual>
  observed_at: Date
}

export interface HistoryTable {
  id: Generated<string>
  account_id: string
  certificate_id: string | null
  subject: string
  subject_id: string
  from_state: string | null
  to_state: string
  actor: string
  detail: string | null
  at: Date
}

export interface IdempotencyKeyTable {
  account_id: string
  key: string
  operation: string
  request_sha256: string
  response: JSONColumnType<object> | null
  created_at: Date
}

export interface CaAuthorityTable {
  id: string
  root_pem: string
  intermediate_pem: string
  keys_secret_id: string
  created_at: Date
}

export interface CaOrderTable {
  id: string
  authority_id: string
  reference: string
  version: number
  state: 'pending' | 'ready' | 'signing' | 'issued' | 'refused'
  not_after: Date
  challenges: JSONColumnType<readonly BuiltinChallenge[]>
  serial: string | null
  csr_sha256: string | null
  not_before: Date | null
  chain_pem: string | null
  refusal: string | null
  revoked_at: Date | null
  revocation_reason: number | null
}

export interface RenewalPolicyTable {
  only_row: boolean
  /** JSON of the policy that `issuance.window_opens_at` was worked out with. */
  policy: string
}

export interface Tables {
  account: AccountTable
  access_token: AccessTokenTable
  secret: SecretTable
  issuer: IssuerTable
  product: ProductTable
  product_price: ProductPriceTable
  order: OrderTable
  payment: PaymentTable
  ledger_transaction: LedgerTransactionTable
  ledger_entry: LedgerEntryTable
  balance: BalanceTable
  certificate: CertificateTable
  renewal: RenewalTable
  revocation: RevocationTable
  entitlement: EntitlementTable
  dns_connection: DnsConnectionTable
  private_key: PrivateKeyTable
  application: ApplicationTable
  validation: ValidationTable
  issuance: IssuanceTable
  target: TargetTable
  deployment: DeploymentTable
  endpoint: EndpointTable
  observation: ObservationTable
  history: HistoryTable
  idempotency_key: IdempotencyKeyTable
  certificate_tag: CertificateTagTable
  certificate_listing: CertificateListingTable
  renewal_policy: RenewalPolicyTable
  ca_authority: CaAuthorityTable
  ca_order: CaOrderTable
}
