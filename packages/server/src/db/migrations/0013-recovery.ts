/**
 * Links with which a user who is locked out sets a new password.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table recovery_link (
    token_sha256 text primary key,
    user_id text not null unique references "user" on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
  )`.execute(db)
}
