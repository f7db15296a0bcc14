/**
 * The contract between the service and its clients.
 *
 * @module
 */
export type { AdapterView } from './adapters.ts'
export * from './applicant-views.ts'
export * from './certificate-list.ts'
export * from './contract.ts'
export type { CompanyListItem, CompanyView, ContactListItem, ContactView } from './contacts.ts'
export type { CsrDetail, CsrView } from './csrs.ts'
export * from './notice-views.ts'
export * from './download-views.ts'
export * from './endings.ts'
export type { OperationMeta } from './operation.ts'
export * from './payment-views.ts'
export * from './problems.ts'
export * from './problem-document.ts'
export * from './problem-texts.ts'
export type { ReviewDetail, ReviewView } from './reviews.ts'
export * from './scopes.ts'
export type { TokenView } from './tokens.ts'
export { MAX_UPLOADS, MAX_UPLOADS_BYTES, type UploadOutcome } from './uploads.ts'
export * from './views.ts'
