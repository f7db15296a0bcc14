/**
 * What a deployment leaves behind at a provider is removed once the new certificate is proved: when to try, and why it could not be done.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table deployment add column tidy_at timestamptz`,
  `alter table deployment add column tidied_at timestamptz`,
  `alter table deployment add column tidy_tries int not null default 0`,
  `alter table deployment add column tidy_problem text`,
  `create index deployment_tidy_due on deployment (tidy_at) where tidy_at is not null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
