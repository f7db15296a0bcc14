/**
 * Answers validation files for names that are proved by file: point `/.well-known/` of a site here, and nothing has to be copied.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Services } from './context.ts'

/** The body for a host and path, or null. @param host without port, lower case */
export async function findProofFile(services: Services, host: string, path: string): Promise<string | null> {
  if (path.includes('\0')) return null // the database refuses to compare it
  const row = await services.db
    .selectFrom('validation')
    .innerJoin('application', 'application.id', 'validation.application_id')
    .select('validation.content')
    .where('validation.method', '=', sql.lit('file')) // as the index says it
    .where('validation.identifier', '=', host)
    .where('validation.location', '=', path)
    .where('application.state', '=', 'pendingValidation')
    .orderBy('application.submitted_at', 'desc')
    .executeTakeFirst()
  return row?.content ?? null
}
