/**
 * When the user of a session last said who they are, and API tokens that see only certificates with some tags.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // Null: when they signed in.
  `alter table session add column authenticated_at timestamptz`,
  // Null: all certificates of the account.
  `alter table access_token add column tags text[] check (tags is null or cardinality(tags) > 0)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
