/**
 * Endpoints with a protocol, probed by schedule; receipts; discovery.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const PROTOCOLS = `('tls', 'smtp', 'imap', 'pop3', 'ldap', 'ftp', 'postgresql', 'mysql', 'xmpp')`

const STATEMENTS = [
  `alter table endpoint add column protocol text not null default 'tls' check (protocol in ${PROTOCOLS})`,
  // Drawn once for each row: endpoints that were added together are not probed together for ever.
  `alter table endpoint add column jitter double precision not null default random()`,
  `alter table endpoint add column probe_at timestamptz`,
  `alter table endpoint add column probed_at timestamptz`,
  `alter table endpoint add column both_keys_at timestamptz`,
  `alter table endpoint add column verdict text`,
  `alter table endpoint add column not_after timestamptz`,
  `alter table endpoint add column proved_sha256 text`,
  `alter table endpoint add column proved_at timestamptz`,
  `alter table endpoint add column strayed_at timestamptz`,
  `create index endpoint_probe_due on endpoint (probe_at) where probe_at is not null`,
  `create index endpoint_by_account on endpoint (account_id, id)`,
  `update endpoint set probe_at = now() + random() * interval '6 hours'`,
  `alter table observation add column key_kind text check (key_kind in ('rsa', 'ecdsa', 'other'))`,
  `alter table observation add column other jsonb`,
  `create table receipt_key (
    id text primary key,
    public_jwk jsonb not null,
    secret_id text not null references secret,
    created_at timestamptz not null,
    retired_at timestamptz
  )`,
  // One that signs: who makes a second one at the same time finds the first.
  `create unique index receipt_key_signing on receipt_key ((true)) where retired_at is null`,
  `create table receipt (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    issuance_id text not null,
    key_id text not null references receipt_key,
    jws text not null,
    proved_at timestamptz not null,
    unique (account_id, id),
    foreign key (account_id, certificate_id) references certificate (account_id, id) on delete cascade
  )`,
  `create unique index receipt_once on receipt (issuance_id, proved_at)`,
  `create index receipt_by_certificate on receipt (account_id, certificate_id, id desc)`,
  `create table endpoint_candidate (
    id text primary key,
    account_id text not null references account,
    host text not null,
    port int not null check (port between 1 and 65535),
    server_name text not null,
    protocol text not null check (protocol in ${PROTOCOLS}),
    addresses jsonb not null,
    certificate_id text,
    matched_by text check (matched_by in ('sha256', 'names')),
    observed_at timestamptz not null,
    unique (account_id, id),
    unique (account_id, host, port, server_name),
    foreign key (account_id, certificate_id) references certificate (account_id, id) on delete set null (certificate_id),
    check ((certificate_id is null) or (matched_by is not null))
  )`,
  // Kept as it was in the list of 0006, and one more: nothing that was allowed is forbidden.
  `alter table notice drop constraint notice_kind_check`,
  `alter table notice add constraint notice_kind_check check (kind in
    ('expiry', 'expired', 'applicationRefused', 'renewalAttention', 'deploymentFailed', 'deploymentRolledBack', 'deliveryGivenUp',
     'endpointStrayed'))`,
  // Who holds every permission of before holds this one as well.
  `update access_token set scopes = scopes || '{metrics:read}'::text[]
    where 'installation:operate' = any(scopes) and not ('metrics:read' = any(scopes))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
