/**
 * Deployments that somebody asked for anew: the server is then reloaded also where the files hold the pair already. And whether it was the
 * deployment that put the pair in place: nothing else is taken back.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table deployment add column reload_asked boolean not null default false`,
  // Null: nobody knows.
  `alter table deployment add column changed boolean`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
