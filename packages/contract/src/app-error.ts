/**
 * The one error class of the server and of what works for it on other machines, and how a job treats each code.
 *
 * @module
 */
import { plainText } from './plain-text.ts'
import type { ProblemCode } from './problems.ts'

/** What a job does with an error: give up, wait as told, or try again later. */
export type Retry = 'never' | 'after' | 'backoff'

/** For each problem code, how a job retries it. */
export const RETRY = {
  invalid: 'never',
  unauthenticated: 'never',
  paymentRequired: 'never',
  forbidden: 'never',
  notFound: 'never',
  conflict: 'backoff',
  idempotencyKeyReused: 'never',
  tooLarge: 'never',
  headersTooLarge: 'never',
  requestTooSlow: 'never',
  encodingUnsupported: 'never',
  expectationUnsupported: 'never',
  signInRefused: 'never',
  secondFactorRefused: 'never',
  passkeyRefused: 'never',
  singleSignOnRefused: 'never',
  weakPassword: 'never',
  crossSite: 'never',
  linkInvalid: 'never',
  lastOwner: 'never',
  alreadyMember: 'never',
  renewalNotYetOpen: 'never',
  renewalBrandUnsupported: 'never',
  certificateExpired: 'never',
  certificateRevoked: 'never',
  certificateNotIssued: 'never',
  alreadyRenewed: 'never',
  notManageable: 'never',
  spendingLimit: 'never',
  renewalUnpaid: 'never',
  entitlementContinues: 'never',
  badCertificate: 'never',
  badKey: 'never',
  keyMismatch: 'never',
  badCsr: 'never',
  badDomain: 'never',
  nameOfAnotherAccount: 'never',
  nameUnproved: 'never',
  duplicateCertificate: 'never',
  notItsSuccessor: 'never',
  duplicateName: 'never',
  badImage: 'never',
  applicantIncomplete: 'never',
  inUse: 'never',
  reviewerIsApplicant: 'never',
  reviewIncomplete: 'never',
  reviewRefused: 'never',
  reviewUnsupported: 'never',
  secondPersonNeeded: 'never',
  approverIsRequester: 'never',
  approverUnfit: 'never',
  approvalOutdated: 'never',
  noSecondPerson: 'never',
  tokenNarrowed: 'never',
  freshAuthenticationNeeded: 'never',
  keysForUsersOnly: 'never',
  keyNotStored: 'never',
  keyNotDownloadable: 'never',
  rootUnknown: 'never',
  notPurchased: 'never',
  alreadyIssued: 'never',
  alreadyEnded: 'never',
  issuanceUnderWay: 'never',
  refundPeriodOver: 'never',
  refundNeedsRevocation: 'never',
  refundAvailable: 'never',
  managedCertificate: 'never',
  notRevocable: 'never',
  notDeletable: 'never',
  certificateInUse: 'never',
  callbackForged: 'never',
  promotionNotApplicable: 'never',
  unknownCurrency: 'never',
  idempotencyKeyMissing: 'never',
  unknownBrand: 'never',
  productRetired: 'never',
  caRejected: 'never',
  caAccountInvalid: 'backoff',
  caActionRequired: 'never',
  caRateLimited: 'after',
  caaForbids: 'never',
  validationFailed: 'never',
  misconfigured: 'never',
  masterKeyNotReady: 'never',
  masterKeyUnderWay: 'never',
  masterKeyInUse: 'never',
  masterKeyAway: 'backoff',
  secretsNeeded: 'never',
  credentialsRejected: 'never',
  addressForbidden: 'never',
  rangeForbidden: 'never',
  deployRefused: 'never',
  diskFull: 'backoff',
  diskReadOnly: 'backoff',
  rolledBack: 'never',
  verificationFailed: 'backoff',
  hostKeyRefused: 'backoff',
  agentAway: 'never',
  targetBusy: 'after',
  deploymentUnderWay: 'never',
  placeTaken: 'never',
  keyKindTaken: 'never',
  targetUnreachable: 'backoff',
  rateLimited: 'after',
  timedOut: 'backoff',
  interrupted: 'never',
  upstreamUnavailable: 'backoff',
  storageUnavailable: 'backoff',
  storageFull: 'backoff',
  databaseNewer: 'never',
  folderInUse: 'never',
  internal: 'backoff',
} as const satisfies Record<ProblemCode, Retry>

export interface AppErrorOptions {
  readonly cause?: unknown
  /** Whole seconds after which the other side may be asked again. */
  readonly retryAfterSeconds?: number
  /** Facts that a client may use (days until the window opens, the id of the live renewal). Never secrets. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>
  /** A `conflict` of our own compare-and-set: the facts changed meanwhile, and whoever acts looks at them again. */
  readonly stale?: boolean
  /** Nothing failed: it is under way elsewhere, and is looked at again after `retryAfterSeconds`, or when it is told. */
  readonly pending?: boolean
}

/** An expected failure. `detail` may be shown to the user: *what was attempted: what happened: what to do*; no secret, no stack. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ProblemCode
  readonly retryAfterSeconds: number | null
  readonly facts: NonNullable<AppErrorOptions['facts']>
  readonly stale: boolean
  readonly pending: boolean

  constructor(code: ProblemCode, detail: string, options: AppErrorOptions = {}) {
    super(plainText(detail), { cause: options.cause })
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds ?? null
    this.facts = options.facts ?? {}
    this.stale = options.stale ?? false
    this.pending = options.pending ?? false
  }

  get retry(): Retry {
    return RETRY[this.code]
  }
}
