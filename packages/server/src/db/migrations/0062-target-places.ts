/**
 * What each target overwrites, so that no two have a place in common.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // Hashes. Null: not worked out yet, since the settings are sealed.
  `alter table target add column places text[]`,
  `create index target_by_place on target using gin (places)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
