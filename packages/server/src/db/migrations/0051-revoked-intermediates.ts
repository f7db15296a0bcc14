/**
 * The intermediates of chains are asked about as well, each once for an account. What is held already is noted anew, with its chain.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table revocation_check add column is_issuer boolean not null default false`,
  `create index revocation_check_issuers on revocation_check (account_id) where is_issuer`,
  `update issuance set revocation_noted = false where not_after > now() and revocation_noted`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
