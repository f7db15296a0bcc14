/**
 * Which node of the service gathers what is deployed to a server, and the jobs that the others leave to it.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // A hash of the host and its reload command. Of the installation: accounts that deploy to one server share its reloads.
  `create table reload_lease (
    server text primary key,
    node text not null,
    until timestamptz not null,
    handed text[] not null default '{}'
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
