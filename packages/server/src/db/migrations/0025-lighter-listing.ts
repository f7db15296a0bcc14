/**
 * The list over a million: expired certificates that a renewal has followed have an index of their own, and what the list's functions write
 * is not checked a second time.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // With notAfter at its end, those that have not expired are passed by in the index alone.
  `create index certificate_listing_followed on certificate_listing (account_id, place_not_after, lineage_id, lineage_index, not_after)
    where not closed and not_after < place_not_after`,
  // A certificate has a dozen words, each of which was looked up twice: more than all else that an upload stores. They are written by
  // refresh_listing and refresh_lineage alone, from the certificate itself, which is never deleted.
  `alter table certificate_token drop constraint certificate_token_account_id_fkey`,
  `alter table certificate_token drop constraint certificate_token_account_id_certificate_id_fkey`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
