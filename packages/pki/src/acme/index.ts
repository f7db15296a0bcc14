/**
 * An ACME client (RFC 8555; RFC 9773; profiles) whose every call is one step that can be resumed from stored URLs.
 *
 * @module
 */
export { findOrdersUrl, registerAccount } from './account.ts'
export type { AccountRequest, ExternalAccountBinding } from './account.ts'
export { downloadChain } from './certificate.ts'
export { answerChallenge, challengeProof, readAuthorization } from './challenge.ts'
export type {
  AcmeAuthorization,
  AcmeChallenge,
  AuthorizationStatus,
  ChallengeProof,
  ChallengeStatus,
  ChallengeType,
} from './challenge.ts'
export { createAcmeClient } from './client.ts'
export type { AcmeAccount, AcmeClient, AcmeClientOptions } from './client.ts'
export type { Directory } from './directory.ts'
export { findOpenOrder } from './find-order.ts'
export { generateAccountJwk, loadAccountKey } from './jws.ts'
export type { AccountJwk, AccountKey } from './jws.ts'
export { finalizeOrder, listOrderUrls, placeOrder, readOrder } from './order.ts'
export type { AcmeOrder, OrderRequest, OrderStatus } from './order.ts'
export { AcmeProblem } from './problem.ts'
export type { AcmeSubproblem } from './problem.ts'
export { readRenewalInfo } from './renewal-info.ts'
export type { AcmeRenewalInfo } from './renewal-info.ts'
export { revokeCertificate } from './revoke.ts'
export type { AcmeRequest, AcmeResponse, AcmeTransport } from './transport.ts'
