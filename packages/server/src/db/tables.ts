/**
 * The tables as Kysely sees them. Columns are enumerated in every query; `timestamptz` is a Date here and epoch milliseconds above.
 *
 * @module
 */
import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { ServerAnswer } from '@evercert/contract'
import type { Applicant } from '../domain/applicant/applicant.ts'
import type { ApplicationForm } from '../domain/application/prefill.ts'
import type { ApplicationState } from '../domain/application/application-machine.ts'
import type { CertificateType, DomainType } from '../domain/product/specification.ts'
import type { RenewalState } from '../domain/renewal/renewal-machine.ts'
import type { RevocationState } from '../domain/revocation/revocation-machine.ts'
import type { RevocationReason } from '../ports/ca.ts'
import type {
  BalanceTable,
  BrandTable,
  LedgerEntryTable,
  LedgerTransactionTable,
  OrderTable,
  ProductPriceTable,
  ProductTable,
  PromotionTable,
} from './order-tables.ts'
import type { AgentEnrolmentTable, AgentTable, AgentWorkTable } from './agent-tables.ts'
import type { AccountRulesTable, ApprovalTable } from './approval-tables.ts'
import type { CaAuthorityTable, CaOrderTable } from './builtin-ca-tables.ts'
import type { DeploymentTable, ReloadLeaseTable, TargetTable } from './deployment-tables.ts'
import type { NameClaimTable } from './name-tables.ts'
import type { MasterKeyHolderTable, MasterKeyTable, RemovedMasterKeyTable, SecretTable } from './secret-tables.ts'
import type { PaymentConnectionTable, PaymentReceiptTable, PaymentTable } from './payment-tables.ts'
import type { NoticeChannelTable, NoticeDeliveryTable, NoticeSettingsTable, NoticeTable } from './notice-tables.ts'
import type { CompanyDocumentTable, CompanyTable, ContactTable, CsrTable, ReviewTable } from './applicant-tables.ts'
import type {
  CredentialTable,
  DeviceCodeTable,
  FirstOperatorLinkTable,
  FirstOperatorTable,
  InvitationTable,
  MemberTable,
  PasskeyTable,
  RecoveryLinkTable,
  RequestWindowTable,
  SecondFactorTable,
  SessionTable,
  SignInChallengeTable,
  SignInFailureTable,
  SignInProviderTable,
  SignInSecretTable,
  UserTable,
} from './access-tables.ts'
import type { EndpointCandidateTable, EndpointTable, ObservationTable, ReceiptKeyTable, ReceiptTable } from './proof-tables.ts'
import type { AuditBatchTable, AuditEntryTable, AuditHeadTable, AuditIntentTable } from './audit-tables.ts'
import type { RevocationCheckTable, ToldOfIssuerTable } from './revocation-tables.ts'
import type { CertificateListingTable, CertificateTagTable } from './certificate-list-tables.ts'

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
  /** Null: made by another token, or with the installation. */
  created_by_user_id: Generated<string | null>
  /** Only certificates with one of these; null: all of the account. */
  tags: Generated<string[] | null>
  /** To the minute. */
  last_used_at: Generated<Date | null>
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
  /** Since when it takes no orders; null: it does. */
  retired_at: Generated<Date | null>
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
  next_notice_at: Generated<Date | null>
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
  /** Another application of the same certificate has the public key already: that one holds it against other orders. */
  reuses_key: Generated<boolean>
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
  /** The token that submitted it, and its name; null before 0007. */
  submitted_by: string | null
  submitted_by_name: string | null
  applicant: JSONColumnType<Applicant> | null
  csr_id: string | null
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
  /** Taken over from an earlier order, with its `validated_at`. */
  reused: Generated<boolean>
  /** Valid when the order came: this application proved nothing by it. */
  found_valid: Generated<boolean>
  servers: JSONColumnType<readonly ServerAnswer[]> | null
  servers_asked_at: Date | null
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
  /** As far as an uploaded certificate tells it; null for issuances of orders, whose order says it. */
  known_domain_type: ColumnType<DomainType | null, DomainType | null | undefined, never>
  known_certificate_type: ColumnType<CertificateType | null, CertificateType | null | undefined, never>
  known_brand: ColumnType<string | null, string | null | undefined, never>
  created_at: Date
  /** Whether it stands in `revocation_check`. */
  revocation_noted: Generated<boolean>
  /** What signed it, up to below the root, as far as it is in its chain; null until it is noted there. */
  intermediates_sha256: ColumnType<readonly string[] | null, never, never>
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

export interface RenewalPolicyTable {
  only_row: boolean
  /** JSON of the policy that `issuance.window_opens_at` was worked out with. */
  policy: string
}

export interface ManagementTable {
  certificate_id: string
  account_id: string
  limit_minor: number
  currency: string
  /** Drawn once, 0 to 1 (exclusive). */
  jitter: number
  failures: Generated<number>
  failed_code: string | null
  failed_detail: string | null
  retry_at: Date | null
  created_at: Date
  /** The issuance that the CA was asked about last; what it said of another counts no more. */
  suggested_for: Generated<string | null>
  suggested_from: Generated<Date | null>
  suggested_until: Generated<Date | null>
  /** Drawn once for each window. */
  suggested_at: Generated<Date | null>
  suggestion_page: Generated<string | null>
  ask_ca_at: Generated<Date | null>
}

export interface Tables {
  user: UserTable
  credential: CredentialTable
  session: SessionTable
  second_factor: SecondFactorTable
  sign_in_challenge: SignInChallengeTable
  sign_in_secret: SignInSecretTable
  sign_in_failure: SignInFailureTable
  passkey: PasskeyTable
  device_code: DeviceCodeTable
  sign_in_provider: SignInProviderTable
  request_window: RequestWindowTable
  first_operator_link: FirstOperatorLinkTable
  first_operator: FirstOperatorTable
  member: MemberTable
  invitation: InvitationTable
  recovery_link: RecoveryLinkTable
  management: ManagementTable
  account: AccountTable
  access_token: AccessTokenTable
  secret: SecretTable
  master_key: MasterKeyTable
  removed_master_key: RemovedMasterKeyTable
  master_key_holder: MasterKeyHolderTable
  issuer: IssuerTable
  product: ProductTable
  product_price: ProductPriceTable
  promotion: PromotionTable
  brand: BrandTable
  order: OrderTable
  payment: PaymentTable
  payment_connection: PaymentConnectionTable
  payment_receipt: PaymentReceiptTable
  ledger_transaction: LedgerTransactionTable
  ledger_entry: LedgerEntryTable
  balance: BalanceTable
  certificate: CertificateTable
  renewal: RenewalTable
  revocation: RevocationTable
  revocation_check: RevocationCheckTable
  told_of_issuer: ToldOfIssuerTable
  entitlement: EntitlementTable
  dns_connection: DnsConnectionTable
  private_key: PrivateKeyTable
  application: ApplicationTable
  validation: ValidationTable
  issuance: IssuanceTable
  target: TargetTable
  deployment: DeploymentTable
  reload_lease: ReloadLeaseTable
  endpoint: EndpointTable
  observation: ObservationTable
  receipt: ReceiptTable
  receipt_key: ReceiptKeyTable
  endpoint_candidate: EndpointCandidateTable
  history: HistoryTable
  idempotency_key: IdempotencyKeyTable
  certificate_tag: CertificateTagTable
  certificate_listing: CertificateListingTable
  renewal_policy: RenewalPolicyTable
  notice_settings: NoticeSettingsTable
  notice_channel: NoticeChannelTable
  notice: NoticeTable
  notice_delivery: NoticeDeliveryTable
  ca_authority: CaAuthorityTable
  ca_order: CaOrderTable
  contact: ContactTable
  company: CompanyTable
  company_document: CompanyDocumentTable
  csr: CsrTable
  review: ReviewTable
  account_rules: AccountRulesTable
  approval: ApprovalTable
  audit_entry: AuditEntryTable
  audit_intent: AuditIntentTable
  audit_batch: AuditBatchTable
  audit_head: AuditHeadTable
  name_claim: NameClaimTable
  agent: AgentTable
  agent_enrolment: AgentEnrolmentTable
  agent_work: AgentWorkTable
}
