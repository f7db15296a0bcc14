/**
 * When the CA of a managed certificate would have it renewed (RFC 9773): its window, the moment that was drawn in it, and when it is asked again.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // Of the issuance that it was said of: the next one is asked for anew.
  `alter table management add column suggested_for text`,
  `alter table management add column suggested_from timestamptz`,
  `alter table management add column suggested_until timestamptz`,
  `alter table management add column suggested_at timestamptz`,
  `alter table management add column suggestion_page text`,
  `alter table management add column ask_ca_at timestamptz`,
  `alter table management add constraint management_suggestion_whole check (
    (suggested_from is null) = (suggested_at is null) and (suggested_until is null) = (suggested_at is null)
    and (suggested_at is null or (suggested_for is not null and suggested_from < suggested_until)))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
