/**
 * Managed certificates that slept: a renewal that was ordered by hand and cancelled or never paid left them without a next look.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // The look itself decides what is next, and sleeps again where nothing is.
  await sql`update certificate set advance_at = now() where managed and advance_at is null and closed_as is null`.execute(db)
}
