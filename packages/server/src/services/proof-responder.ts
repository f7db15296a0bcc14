/**
 * Answers validation files for names that are proved by file: point `/.well-known/` of a site to the account's path here, and nothing has
 * to be copied.
 *
 * @module
 */
import { sql, type SqlBool } from 'kysely'
import { coveringNames } from '../domain/name/name-ownership.ts'
import type { Services } from './context.ts'

const MAX_HOST_LENGTH = 253 // RFC 1035 §2.3.4

export interface ProofFileRequest {
  /** Without port, lower case. */
  readonly host: string
  /** Without the account in front. */
  readonly path: string
  /** Null for the plain path: it answers while there is one account, and for names that are claimed, with their owner's files alone. */
  readonly accountId: string | null
}

/** The body, or null. */
export async function findProofFile(services: Services, { host, path, accountId }: ProofFileRequest): Promise<string | null> {
  // The database refuses to compare the first.
  if (`${path}${host}${accountId ?? ''}`.includes('\0') || host.length > MAX_HOST_LENGTH) return null
  const row = await services.db
    .selectFrom('validation')
    .innerJoin('application', 'application.id', 'validation.application_id')
    .select('validation.content')
    .where('validation.method', '=', sql.lit('file')) // as the index says it
    .where('validation.identifier', '=', host)
    .where('validation.location', '=', path)
    .where('application.state', '=', 'pendingValidation')
    .where(accountId === null ? plainPathAnswers(host) : sql<SqlBool>`validation.account_id = ${accountId}`)
    .orderBy('application.submitted_at', 'desc')
    .executeTakeFirst()
  return row?.content ?? null
}

function plainPathAnswers(host: string) {
  return sql<SqlBool>`(not exists (select 1 from account offset 1) or validation.account_id = (
    select claim.account_id from name_claim as claim where claim.name = any(${[...coveringNames(host)]})
    order by length(claim.name) desc limit 1))`
}
