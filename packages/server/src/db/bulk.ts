/**
 * Many rows at once.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Database } from './connect.ts'
import type { Trx } from './transition.ts'

/** Below this many rows the checks cost less than leaving them out, and the list's triggers no more than {@link listInBulk}. */
const WORTH_IT = 20

/** Whether {@link listInBulk} has to follow. */
export function isBulk(rows: number): boolean {
  return rows >= WORTH_IT
}

/**
 * On the embedded database, for the rest of the transaction, references are not checked row by row: there these checks take more time than
 * all inserts of an upload together. Only for rows that refer to each other by ids made in the same transaction, and to an account
 * that it holds locked. PostgreSQL checks as ever: there it costs little, and the service is no superuser.
 */
export async function skipReferenceChecks(database: Pick<Database, 'kind'>, trx: Trx): Promise<void> {
  if (database.kind === 'embedded') await sql`set local session_replication_role = replica`.execute(trx)
}

/**
 * What the triggers of the list do for each of the lineages, for all of them at once. On the embedded database the triggers were left out with
 * the checks of references; on PostgreSQL they find, when the transaction ends, that it has listed their rows already.
 */
export async function listInBulk(trx: Trx, accountId: string, lineageIds: readonly string[]): Promise<void> {
  await sql`select refresh_listing(${accountId}, ${[...lineageIds]}::text[])`.execute(trx)
}
