/**
 * Which intermediates stand above what is held, so that its people are told when one of them is revoked, served or not. What is held already is noted anew.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table issuance add column intermediates_sha256 text[]`,
  `create index issuance_intermediates on issuance using gin (intermediates_sha256) where intermediates_sha256 <> '{}'`,
  `update issuance set revocation_noted = false where not_after > now() and revocation_noted`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
