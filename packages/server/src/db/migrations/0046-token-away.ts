/**
 * Since when a node's token with the master key has not answered.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table master_key_holder add column away_since timestamptz`.execute(db)
}
