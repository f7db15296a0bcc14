/**
 * Users, how they sign in, their sessions, and what they may do in which account.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // The first five are what better-auth works on, under our names (services/access/better-auth.ts).
  `create table "user" (
    id text primary key,
    email text not null unique check (email = lower(email)),
    email_verified boolean not null default false,
    name text not null,
    image text,
    language text check (language in ('en', 'zh')),
    installation_operator boolean not null default false,
    two_factor_enabled boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create table credential (
    id text primary key,
    user_id text not null references "user" on delete cascade,
    provider_id text not null,
    provider_user_id text not null,
    password text,
    access_token text,
    refresh_token text,
    id_token text,
    access_token_expires_at timestamptz,
    refresh_token_expires_at timestamptz,
    scope text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (provider_id, provider_user_id)
  )`,
  `create index credential_by_user on credential (user_id)`,
  `create table session (
    id text primary key,
    user_id text not null references "user" on delete cascade,
    token text not null unique,
    address text,
    user_agent text,
    account_id text references account,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create index session_by_user on session (user_id)`,
  `create table sign_in_challenge (
    id text primary key,
    identifier text not null,
    value text not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create index sign_in_challenge_by_identifier on sign_in_challenge (identifier)`,
  `create table second_factor (
    id text primary key,
    user_id text not null unique references "user" on delete cascade,
    secret text not null,
    backup_codes text not null,
    verified boolean not null default true,
    failed_verification_count int not null default 0,
    locked_until timestamptz
  )`,
  // What signs cookies and encrypts second factors: sealed, one for the installation.
  `create table sign_in_secret (
    only_row boolean primary key default true check (only_row),
    secret_id text not null references secret
  )`,
  // Failures in a row of an e-mail address or a network address, as SHA-256.
  `create table sign_in_failure (
    subject_sha256 text primary key,
    failures int not null check (failures >= 0),
    locked_until timestamptz,
    last_at timestamptz not null
  )`,
  `create index sign_in_failure_old on sign_in_failure (last_at)`,
  `create table first_operator_link (
    token_sha256 text primary key,
    created_at timestamptz not null,
    expires_at timestamptz not null
  )`,
  // One row, once: whoever inserts it is the first operator.
  `create table first_operator (
    only_row boolean primary key default true check (only_row),
    user_id text not null,
    created_at timestamptz not null
  )`,
  `create table member (
    account_id text not null references account,
    user_id text not null references "user" on delete cascade,
    role text not null check (role in ('owner', 'administrator', 'operator', 'finance', 'reviewer', 'auditor', 'viewer')),
    created_at timestamptz not null,
    primary key (account_id, user_id)
  )`,
  `create index member_by_user on member (user_id)`,
  `create table invitation (
    id text primary key,
    account_id text not null references account,
    email text not null check (email = lower(email)),
    role text not null check (role in ('owner', 'administrator', 'operator', 'finance', 'reviewer', 'auditor', 'viewer')),
    token_sha256 text not null unique,
    invited_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    accepted_by text,
    unique (account_id, id)
  )`,
  `create unique index invitation_open on invitation (account_id, email) where accepted_at is null`,
  `alter table access_token
    add column created_by_user_id text references "user" on delete cascade,
    add column last_used_at timestamptz`,
  // Who might do everything before may do this as well.
  `update access_token set scopes = scopes || '{members:read,members:write,tokens:read,tokens:write}'::text[]
    where 'installation:operate' = any(scopes) and not ('members:read' = any(scopes))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
