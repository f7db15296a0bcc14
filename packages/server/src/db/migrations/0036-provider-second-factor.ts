/**
 * Whose second factor counts after single sign-on. For providers that are connected already it is theirs, as it was.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table sign_in_provider add column second_factor text not null default 'trusted' check (second_factor in ('asked', 'trusted'))`,
  `alter table sign_in_provider add column required_acr text[] not null default '{}'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
