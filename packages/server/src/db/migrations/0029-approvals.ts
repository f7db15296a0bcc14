/**
 * Four eyes: what each account lets nobody do alone, and the requests that wait for a second person. Tokens that no user made are one person
 * from now on, since whoever holds the operator's token can make as many as they like.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table account_rules (
    account_id text primary key references account,
    rules jsonb not null,
    updated_at timestamptz not null
  )`,
  `create table approval (
    id text primary key,
    account_id text not null references account,
    kind text not null check (kind in ('spending', 'revocation', 'keyDownload', 'rules')),
    state text not null check (state in ('waiting', 'approved', 'done', 'refused', 'withdrawn', 'expired', 'lapsed')),
    version int not null default 0,
    operation text not null,
    input jsonb not null,
    input_sha256 text not null,
    facts jsonb not null,
    subject text not null,
    certificate_id text,
    why text,
    requested_by text not null,
    requested_by_name text not null,
    requested_user_id text,
    requested_token_id text,
    requested_at timestamptz not null,
    expires_at timestamptz not null,
    decided_by text,
    decided_by_name text,
    decided_at timestamptz,
    decision_reason text,
    ended_at timestamptz,
    problem_code text,
    problem text,
    unique (account_id, id),
    foreign key (account_id, certificate_id) references certificate (account_id, id) on delete cascade
  )`,
  // The same request again finds the one that is open.
  `create unique index approval_open on approval (account_id, requested_by, operation, input_sha256)
    where state in ('waiting', 'approved')`,
  `create index approval_by_account on approval (account_id, id desc)`,
  `create index approval_due on approval (expires_at) where state in ('waiting', 'approved')`,
  `create index approval_by_certificate on approval (account_id, certificate_id) where certificate_id is not null`,
  `alter table notice alter column certificate_id drop not null`,
  `alter table notice drop constraint notice_kind_check`,
  `alter table notice add constraint notice_kind_check check (kind in
    ('expiry', 'expired', 'applicationRefused', 'renewalAttention', 'deploymentFailed', 'deploymentRolledBack', 'deliveryGivenUp',
     'endpointStrayed', 'reviewWaiting', 'approvalWaiting'))`,
  `update application set submitted_by = 'operator' where submitted_by like 'tok\\_%'`,
  `update review set decided_by = 'operator' where decided_by like 'tok\\_%'`,
  // Who might do everything before may do this as well.
  `update access_token set scopes = scopes || '{approvals:decide,rules:write}'::text[]
    where 'installation:operate' = any(scopes) and not ('rules:write' = any(scopes))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
