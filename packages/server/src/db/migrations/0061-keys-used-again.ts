/**
 * A public key serves one order (DOMAIN §4), and within it again: the first application with it holds it, the later ones of the same certificate do not.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table application add column reuses_key boolean not null default false`,
  `drop index application_public_key`,
  `create unique index application_public_key on application (spki_sha256)
    where spki_sha256 is not null and not reuses_key and (state <> 'withdrawn' or finalize_started_at is not null)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
