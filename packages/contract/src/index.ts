/**
 * The contract between the service and its clients.
 *
 * @module
 */
export type { AdapterView } from './adapters.ts'
export { FINDING_PROBLEMS } from './agent-problems.ts'
export type { FindingProblem } from './agent-problems.ts'
export { agentStatement, MAX_LIVE_LINES } from './agents.ts'
export type {
  AgentCsrWork,
  AgentDetail,
  AgentFinding,
  AgentPairWork,
  AgentSite,
  AgentStatement,
  AgentView,
  AgentWork,
  AgentWorkView,
  EnrolmentView,
} from './agents.ts'
export * from './applicant-views.ts'
export * from './application-views.ts'
export {
  accountRules,
  approvalKind,
  approvalState,
  type AccountRules,
  type ApprovalKind,
  type ApprovalState,
  type ApprovalView,
} from './approvals.ts'
export {
  auditOutcome,
  type AuditActorKind,
  type AuditCheckpointView,
  type AuditEntryView,
  type AuditOutcome,
  type AuditVerification,
} from './audit.ts'
export type { BrandView } from './brands.ts'
export * from './certificate-list.ts'
export * from './certificate-words.ts'
export type { ProbeEvent } from './probe-events.ts'
export type { CertificateEvent, ListEvent } from './certificate-overview.ts'
export * from './contract.ts'
export type { CertificatePair, DeployEvidence, RestoreEvidence } from './deployment-evidence.ts'
export type { CompanyListItem, CompanyView, ContactListItem, ContactView } from './contacts.ts'
export type { CsrDetail, CsrView } from './csrs.ts'
export { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, type MeView, type SessionView, type UserView } from './me.ts'
export type { InvitationView, MemberView } from './members.ts'
export type { ProviderSecondFactor, SignInProviderView } from './sign-in-providers.ts'
export { TOKEN_DAYS } from './device-logins.ts'
export type { PasskeyView } from './passkeys.ts'
export type { AccountView } from './accounts.ts'
export { countOf } from './count-of.ts'
export { isCurrency, minorDigits } from './currency.ts'
export type { DnsConnectionDetail, IssuerDetail } from './issuers.ts'
export type { ChannelDetail } from './notices.ts'
export type { PaymentConnectionDetail } from './payments.ts'
export type { TargetDetail } from './targets.ts'
export type { KeyHealthView, MasterKeysView } from './master-keys.ts'
export type { NameClaimView } from './names.ts'
export { ONE_LINE, toLine } from './line.ts'
export { NARROWING, narrowingOf, type NarrowedSubject, type Narrowing } from './narrowing.ts'
export { readLogLine, type LogLine } from './log-line-texts.ts'
export * from './notice-views.ts'
export * from './download-views.ts'
export type { EndpointCell } from './endpoints.ts'
export * from './endings.ts'
export type { OperationMeta } from './operation.ts'
export type { FirstSteps, RenewalForecast, RenewalFunnel } from './outlook.ts'
export * from './payment-views.ts'
export * from './problems.ts'
export * from './parse-problem.ts'
export * from './problem-document.ts'
export * from './problem-texts.ts'
export type { PromotionView } from './promotions.ts'
export type { ReviewDetail, ReviewView } from './reviews.ts'
export { LANGUAGES, MEMBER_ROLES, ROLES, type Language, type MemberRole, type Role } from './roles.ts'
export * from './scopes.ts'
export type { TokenView } from './tokens.ts'
export { MAX_UPLOADS, MAX_UPLOADS_BYTES, UPLOADS_PATH } from './upload-limits.ts'
export type { UploadOutcome } from './uploads.ts'
export {
  SIGN_IN_REQUESTS,
  type PasskeyRegistrationOptions,
  type PasskeySignInOptions,
  type SecondFactorAnswer,
  type SignInAnswer,
  type SignInPath,
  type SignInRequest,
  SINGLE_SIGN_ON_FAULTS,
  type SingleSignOnAnswer,
  type SingleSignOnFault,
} from './sign-in.ts'
export { MAX_DISCOVERED_AT_ONCE } from './discovery.ts'
export type { CandidateView, DiscoveryRequest, DiscoveryResult } from './discovery.ts'
export * from './receipt-views.ts'
export * from './order-views.ts'
export * from './views.ts'
export { issuerTitleIn, SHIPPED_ISSUERS } from './shipped-issuers.ts'
