/**
 * The contract between the service and its clients.
 *
 * @module
 */
export * from './certificate-list.ts'
export * from './contract.ts'
export * from './download-views.ts'
export * from './endings.ts'
export type { OperationMeta } from './operation.ts'
export * from './problems.ts'
export * from './problem-document.ts'
export * from './problem-texts.ts'
export * from './scopes.ts'
export * from './views.ts'
