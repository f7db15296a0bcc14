/**
 * The contract between the service and its clients.
 *
 * @module
 */
export * from './contract.ts'
export * from './notice-views.ts'
export * from './download-views.ts'
export * from './endings.ts'
export type { OperationMeta } from './operation.ts'
export * from './payment-views.ts'
export * from './problems.ts'
export * from './problem-document.ts'
export * from './problem-texts.ts'
export * from './scopes.ts'
export { MAX_UPLOADS, MAX_UPLOADS_BYTES, type UploadOutcome } from './uploads.ts'
export * from './views.ts'
