/**
 * Since when a target is being touched, what an agent tells while it works, and what is being taken back, which goes first.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // Written before the target is touched, and gone when it is known what became of it: a crash leaves it.
  `alter table deployment add column begun_at timestamptz`,
  `create index deployment_taken_back on deployment (certificate_id) where state = 'applied' and restore_reason is not null`,
  // No part of the deployment's log, which has what was signed.
  `alter table agent_work add column live_log jsonb not null default '[]'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
