/**
 * How many lines of its log an agent told while it worked.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table agent_work add column live_lines integer not null default 0').execute(db)
}
