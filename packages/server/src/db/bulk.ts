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

/** From here on PostgreSQL's plans stay right while the tables grow. */
const KNOWN_WELL = 1000

/**
 * After many rows, outside their transaction. Of tables that it has not looked at PostgreSQL believes that an account has one certificate, and
 * looked each reference up by reading all that there were: an import into a new database became slower with every batch, until autovacuum
 * came by, a minute later. The embedded database checks no references in bulk.
 */
export async function analyseWhileSmall({ kind, db }: Pick<Database, 'kind' | 'db'>): Promise<void> {
  if (kind === 'embedded') return
  const { rows } = await sql<{
    known: number
  }>`select reltuples as known from pg_class where oid = 'certificate'::regclass`.execute(db)
  if ((rows[0]?.known ?? 0) < KNOWN_WELL)
    await sql`analyze secret, certificate, private_key, issuance, certificate_listing`.execute(db)
}

/**
 * What the triggers of the list do for each of the lineages, for all of them at once. On the embedded database the triggers were left out with
 * the checks of references; on PostgreSQL they find, when the transaction ends, that it has listed their rows already.
 */
export async function listInBulk(trx: Trx, accountId: string, lineageIds: readonly string[]): Promise<void> {
  await sql`select refresh_listing(${accountId}, ${[...lineageIds]}::text[])`.execute(trx)
}
