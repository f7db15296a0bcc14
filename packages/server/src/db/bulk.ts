/**
 * Many rows at once on the embedded database.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Database } from './connect.ts'
import type { Trx } from './transition.ts'

/** Below this many rows the checks cost less than leaving them out. */
const WORTH_IT = 20

/**
 * For the rest of the transaction, references are not checked row by row: on the embedded database these checks take more time than
 * all inserts of an upload together. Only for rows that refer to each other by ids made in the same transaction, and to an account
 * that it holds locked. PostgreSQL checks as ever: there it costs little, and the service is no superuser.
 *
 * @returns whether they are skipped. Then the list's triggers are, too, and {@link listInBulk} has to follow
 */
export async function skipReferenceChecks(database: Pick<Database, 'kind'>, trx: Trx, rows: number): Promise<boolean> {
  if (database.kind !== 'embedded' || rows < WORTH_IT) return false
  await sql`set local session_replication_role = replica`.execute(trx)
  return true
}

/** What the triggers of the list would have done for each of the lineages, for all of them at once. */
export async function listInBulk(trx: Trx, accountId: string, lineageIds: readonly string[]): Promise<void> {
  await sql`select refresh_listing(${accountId}, ${[...lineageIds]}::text[])`.execute(trx)
}
