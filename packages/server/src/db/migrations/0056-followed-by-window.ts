/**
 * The list of what expires soon, last first, passes by what a renewal has followed in the index alone.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `drop index certificate_listing_followed`,
  `create index certificate_listing_followed
    on certificate_listing (account_id, place_not_after, lineage_id, lineage_index, not_after, window_opens_at)
    where not closed and not_after < place_not_after`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
