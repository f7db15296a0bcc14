/**
 * How an operation of the API is declared: method, path, permission.
 *
 * @module
 */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import type { Scope } from './scopes.ts'
import { id } from './views.ts'

/** What one middleware enforces for each operation. */
export interface OperationMeta {
  /** Null: whoever has a session or a token, or, when `isOpen`, anybody. */
  readonly scope: Scope | null
  /** Needs neither session nor token: what authorizes it is in the request. */
  readonly isOpen?: boolean
  /** For an enrolled agent by its credential, and for nobody else; agents may call nothing but these. */
  readonly isForAgents?: boolean
  /**
   * Takes an `Idempotency-Key` header: the same key and request give the same answer, and one effect. `required`: it moves money, and is
   * refused without one.
   */
  readonly idempotent?: boolean | 'required'
  /**
   * What the audit log has of it, beside refusals and failures. Missing: every POST and DELETE that succeeded, and no GET. `history`: nothing,
   * since what it does is in the history of the certificate, written with it. `none`: nothing, since it changes nothing. `access`: that it was read.
   */
  readonly audit?: AuditWish
}

export type AuditWish = 'history' | 'none' | 'access'

/** The metadata of one operation, which the server's middleware reads. */
interface ContractMeta extends Record<string, unknown> {
  readonly operation?: OperationMeta
}

const operation = oc.$meta<ContractMeta>({}).$route({ inputStructure: 'compact' })

export function read(path: `/${string}`, tag: string, summary: string, scope: Scope) {
  return operation.meta({ operation: { scope } }).route({ method: 'GET', path, tags: [tag], summary })
}

/** A read that is itself worth knowing of: who saw it, and when. */
export function access(path: `/${string}`, tag: string, summary: string, scope: Scope) {
  return operation.meta({ operation: { scope, audit: 'access' } }).route({ method: 'GET', path, tags: [tag], summary })
}

export function write(
  path: `/${string}`,
  tag: string,
  summary: string,
  scope: Scope,
  options: { idempotent?: boolean | 'required'; created?: boolean; audit?: AuditWish } = {},
) {
  const { idempotent = false, audit } = options
  return operation
    .meta({ operation: { scope, idempotent, ...(audit !== undefined && { audit }) } })
    .route({ method: 'POST', path, tags: [tag], summary, successStatus: options.created ? 201 : 200 })
}

export function remove(path: `/${string}`, tag: string, summary: string, scope: Scope) {
  return operation.meta({ operation: { scope } }).route({ method: 'DELETE', path, tags: [tag], summary })
}

/** An operation for whoever has a session or a token. */
export function anyCaller(
  method: 'GET' | 'POST' | 'DELETE',
  path: `/${string}`,
  tag: string,
  summary: string,
  { audit }: { audit?: AuditWish } = {},
) {
  return operation
    .meta({ operation: { scope: null, ...(audit !== undefined && { audit }) } })
    .route({ method, path, tags: [tag], summary })
}

/** An operation that needs neither session nor token; its path has no parameters. */
export function anybody(
  method: 'GET' | 'POST',
  path: `/${string}`,
  tag: string,
  summary: string,
  options: { created?: boolean; audit?: AuditWish } = {},
) {
  const { audit } = options
  return operation
    .meta({ operation: { scope: null, isOpen: true, ...(audit !== undefined && { audit }) } })
    .route({ method, path, tags: [tag], summary, successStatus: options.created ? 201 : 200 })
}

/** An operation that an enrolled agent calls for itself. */
export function byAgent(path: `/${string}`, summary: string, audit?: AuditWish) {
  return operation
    .meta({ operation: { scope: null, isForAgents: true, ...(audit !== undefined && { audit }) } })
    .route({ method: 'POST', path, tags: ['Agents'], summary })
}

export const byId = z.strictObject({ id })
export const paging = { cursor: z.string().max(512).optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }
