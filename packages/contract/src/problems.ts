/**
 * The error codes that clients may switch on, with HTTP status and title (RFC 9457).
 *
 * @module
 */

/** Every problem code of the API. `cause` and `remedy` texts are in {@link PROBLEM_TEXTS}. */
export const PROBLEMS = {
  // The caller's move.
  invalid: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Sign in or send an API token' },
  paymentRequired: { status: 402, title: 'The balance is too low' },
  forbidden: { status: 403, title: 'The role or token does not allow this' },
  notFound: { status: 404, title: 'No such resource' },
  conflict: { status: 409, title: 'The resource changed meanwhile' },
  idempotencyKeyReused: { status: 409, title: 'The Idempotency-Key was used for a different request' },
  tooLarge: { status: 413, title: 'The request is too large' },
  headersTooLarge: { status: 431, title: 'The headers of the request are too large' },
  requestTooSlow: { status: 408, title: 'The request did not arrive in time' },
  encodingUnsupported: { status: 415, title: 'The body of the request is compressed' },
  expectationUnsupported: { status: 417, title: 'The request expects what the service does not do' },
  // Users, sessions, members.
  signInRefused: { status: 401, title: 'E-mail address or password is wrong' },
  secondFactorRefused: { status: 401, title: 'The second factor is wrong' },
  passkeyRefused: { status: 401, title: 'The passkey was refused' },
  singleSignOnRefused: { status: 401, title: 'The single sign-on came to nothing' },
  weakPassword: { status: 422, title: 'The password is too weak' },
  crossSite: { status: 403, title: 'The request came from another site' },
  linkInvalid: { status: 410, title: 'The link is used or out of date' },
  lastOwner: { status: 409, title: 'The account needs an owner' },
  alreadyMember: { status: 409, title: 'The user is a member already' },
  // Renewal, DOMAIN §3.
  renewalNotYetOpen: { status: 409, title: 'The renewal window is not open yet' },
  renewalBrandUnsupported: { status: 409, title: 'The brand does not support renewal' },
  certificateExpired: { status: 409, title: 'An expired certificate is bought anew, not renewed' },
  certificateRevoked: { status: 409, title: 'The certificate is revoked' },
  certificateNotIssued: { status: 409, title: 'The certificate is not issued yet' },
  alreadyRenewed: { status: 409, title: 'The certificate already has a renewal' },
  notManageable: { status: 409, title: 'The certificate cannot renew by itself' },
  spendingLimit: { status: 409, title: 'The renewal costs more than its owner allows' },
  renewalUnpaid: { status: 409, title: 'Its renewal is ordered and not paid' },
  entitlementContinues: { status: 409, title: 'The period paid for goes on: reissue at no charge instead' },
  // Uploads and applications, DOMAIN §4 and §5.
  badCertificate: { status: 422, title: 'The certificate cannot be read' },
  badKey: { status: 422, title: 'The private key cannot be used' },
  keyMismatch: { status: 422, title: 'The private key does not belong to the certificate' },
  badCsr: { status: 422, title: 'The CSR cannot be used' },
  badDomain: { status: 422, title: 'A domain name cannot be used' },
  nameOfAnotherAccount: { status: 409, title: 'The name belongs to another account' },
  nameUnproved: { status: 422, title: 'The account did not prove the name itself' },
  duplicateCertificate: { status: 409, title: 'The certificate is already here' },
  duplicateName: { status: 409, title: 'The name is taken' },
  notItsSuccessor: { status: 409, title: 'The upload cannot be its successor' },
  badImage: { status: 422, title: 'The document is no image that can be used' },
  applicantIncomplete: { status: 422, title: 'The application lacks who applies' },
  inUse: { status: 409, title: 'It is in use' },
  // Review of OV and EV, DOMAIN §4.
  reviewerIsApplicant: { status: 403, title: 'Who applied cannot decide' },
  reviewIncomplete: { status: 422, title: 'Checks of the review are not confirmed' },
  reviewRefused: { status: 422, title: 'The reviewers refused the application' },
  reviewUnsupported: { status: 422, title: 'The CA reviews no organisations' },
  // Four eyes.
  secondPersonNeeded: { status: 409, title: 'It waits for a second person' },
  approverIsRequester: { status: 403, title: 'Who asked cannot decide' },
  approverUnfit: { status: 403, title: 'This caller cannot be the second person' },
  approvalOutdated: { status: 409, title: 'What was asked has changed since' },
  noSecondPerson: { status: 409, title: 'There is no second person in the account' },
  tokenNarrowed: { status: 403, title: 'The token is for certificates with some tags alone' },
  // Private keys.
  freshAuthenticationNeeded: { status: 403, title: 'Say again who you are' },
  keysForUsersOnly: { status: 403, title: 'API tokens get no private keys here' },
  // Downloads, DOMAIN §5.
  keyNotStored: { status: 409, title: 'The private key is not here' },
  keyNotDownloadable: { status: 409, title: 'An uploaded private key is not given out' },
  rootUnknown: { status: 409, title: 'The root of the certificate is not known here' },
  // Cancel, refund, revoke, delete: DOMAIN §5.
  notPurchased: { status: 409, title: 'The certificate was not bought here' },
  alreadyIssued: { status: 409, title: 'The certificate is issued: it can no longer be cancelled' },
  alreadyEnded: { status: 409, title: 'The certificate was ended in another way before' },
  issuanceUnderWay: { status: 409, title: 'The CA is issuing the certificate at this moment' },
  refundPeriodOver: { status: 409, title: 'The days in which money is given back are over' },
  refundNeedsRevocation: { status: 409, title: 'An issued certificate is refunded only after its revocation' },
  refundAvailable: { status: 409, title: 'The money of the certificate can still be given back' },
  managedCertificate: { status: 409, title: 'A managed certificate cannot be revoked' },
  notRevocable: { status: 409, title: 'Only a valid certificate can be revoked' },
  notDeletable: { status: 409, title: 'Only an expired, revoked, uploaded or refused certificate can be deleted' },
  certificateInUse: { status: 409, title: 'The certificate is in use' },
  // Payments and the catalogue.
  callbackForged: { status: 400, title: 'The callback is not signed by the provider' },
  promotionNotApplicable: { status: 409, title: 'The promotion does not apply to this order' },
  unknownCurrency: { status: 422, title: 'There is no such currency' },
  idempotencyKeyMissing: { status: 400, title: 'The Idempotency-Key is missing' },
  unknownBrand: { status: 422, title: 'There is no such brand' },
  productRetired: { status: 409, title: 'The product is not sold any more' },
  // Certificate authority.
  caRejected: { status: 422, title: 'The CA refused the order' },
  caAccountInvalid: { status: 422, title: 'The CA does not know the account' },
  caActionRequired: { status: 422, title: 'The CA wants something done by a person' },
  caRateLimited: { status: 429, title: 'The CA asks to wait' },
  caaForbids: { status: 422, title: 'A CAA record forbids this CA' },
  validationFailed: { status: 422, title: 'The CA could not validate a domain' },
  // Configuration.
  misconfigured: { status: 422, title: 'A setting is missing or wrong' },
  secretsNeeded: { status: 422, title: 'The secrets have to be entered again' },
  credentialsRejected: { status: 422, title: 'The credentials were refused' },
  addressForbidden: { status: 422, title: 'The address is not allowed for outgoing requests' },
  rangeForbidden: { status: 422, title: 'The operator did not allow looking for endpoints in the range' },
  masterKeyNotReady: { status: 409, title: 'The new master key is not everywhere' },
  masterKeyUnderWay: { status: 409, title: 'An earlier rotation of the master key is not over' },
  masterKeyInUse: { status: 409, title: 'The master key is in use' },
  masterKeyAway: { status: 503, title: 'The token with the master key does not answer' },
  // Deployment and proof.
  deployRefused: { status: 422, title: 'The target refused the certificate' },
  diskFull: { status: 422, title: 'The disk of the target is full' },
  diskReadOnly: { status: 422, title: 'The disk of the target is read-only' },
  rolledBack: { status: 422, title: 'The deployment was rolled back' },
  verificationFailed: { status: 422, title: 'The site does not serve the new certificate' },
  hostKeyRefused: { status: 422, title: 'The agent made no key on its host' },
  agentAway: { status: 503, title: 'The agent of the host does not answer' },
  targetBusy: { status: 503, title: 'The host of the target is busy' },
  placeTaken: { status: 409, title: 'Another target overwrites the same' },
  keyKindTaken: { status: 409, title: 'Another certificate has the site for this kind of key' },
  deploymentUnderWay: { status: 409, title: 'The target is being deployed to' },
  targetUnreachable: { status: 503, title: 'The target does not answer' },
  // Surroundings.
  rateLimited: { status: 429, title: 'Too many requests' },
  timedOut: { status: 504, title: 'No answer in time' },
  interrupted: { status: 499, title: 'It was interrupted' },
  upstreamUnavailable: { status: 503, title: 'A provider did not answer' },
  storageUnavailable: { status: 503, title: 'The database does not answer' },
  storageFull: { status: 503, title: 'The disk of the database is full' },
  databaseNewer: { status: 503, title: 'The database belongs to a newer version' },
  folderInUse: { status: 503, title: 'The data folder is in use' },
  internal: { status: 500, title: 'An error of the service itself' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** For a code that was stored: one of an older or newer version may be unknown. */
export function isProblemCode(code: string): code is ProblemCode {
  return code in PROBLEMS
}
