/**
 * Further ways of signing in, and how often somebody may begin one.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // better-auth works on it, under our names (services/access/better-auth.ts). The counter is an unsigned 32-bit number, which no int holds.
  `create table passkey (
    id text primary key,
    user_id text not null references "user" on delete cascade,
    name text not null check (name <> ''),
    credential_id text not null unique,
    public_key text not null,
    counter double precision not null check (counter >= 0),
    device_type text not null,
    backed_up boolean not null,
    transports text,
    aaguid text,
    created_at timestamptz not null,
    last_used_at timestamptz
  )`,
  `create index passkey_by_user on passkey (user_id)`,
  // Users of a provider are in `credential`, as `oidc-` and its id.
  `create table sign_in_provider (
    id text primary key,
    title text not null,
    issuer text not null,
    client_id text not null,
    client_secret_id text not null references secret,
    allowed_domains text[] not null check (cardinality(allowed_domains) > 0),
    new_users boolean not null,
    created_at timestamptz not null
  )`,
  // A program that asks for a token (RFC 8628), by better-auth; the device code is the hash of one. What was given to it is ours.
  `create table device_code (
    id text primary key,
    device_code text not null unique,
    user_code text not null unique,
    user_id text references "user" on delete cascade,
    expires_at timestamptz not null,
    status text not null,
    last_polled_at timestamptz,
    polling_interval double precision,
    client_id text not null,
    scope text,
    address text,
    account_id text references account,
    granted_scopes text[],
    token_days int
  )`,
  `create index device_code_old on device_code (expires_at)`,
  // Requests of a network address that cost something and need no session, by a hash; a window begins with the first.
  `create table request_window (
    subject_sha256 text primary key,
    requests int not null check (requests > 0),
    began_at timestamptz not null
  )`,
  `create index request_window_old on request_window (began_at)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
