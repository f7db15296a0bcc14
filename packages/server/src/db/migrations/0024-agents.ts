/**
 * Agents on the hosts: who may enrol, who is enrolled, and the work that they were handed.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table agent (
    id text primary key,
    account_id text not null references account,
    name text not null,
    state text not null check (state in ('active', 'revoked')),
    version int not null default 1,
    public_key_pem text not null,
    credential_sha256 text not null unique,
    host_name text not null,
    agent_version text not null,
    sites jsonb not null default '[]',
    findings jsonb not null default '[]',
    observed_at timestamptz,
    enrolled_at timestamptz not null,
    last_seen_at timestamptz,
    revoked_at timestamptz,
    unique (account_id, id)
  )`,
  `create unique index agent_name on agent (account_id, name) where state = 'active'`,
  `create table agent_enrolment (
    id text primary key,
    account_id text not null references account,
    name text not null,
    token_sha256 text not null unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    agent_id text,
    foreign key (account_id, agent_id) references agent (account_id, id)
  )`,
  `create index agent_enrolment_agent on agent_enrolment (account_id, agent_id)`,
  `alter table deployment add unique (account_id, id)`,
  `create table agent_work (
    id text primary key,
    account_id text not null references account,
    agent_id text not null,
    deployment_id text not null,
    certificate_id text not null,
    kind text not null check (kind in ('install', 'restore')),
    site text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    round int not null,
    state text not null check (state in ('queued', 'leased', 'expired', 'reported')),
    version int not null default 1,
    lease text,
    leased_at timestamptz,
    leases int not null default 0,
    statement text,
    signature text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    unique (deployment_id, kind, round),
    foreign key (account_id, agent_id) references agent (account_id, id),
    foreign key (account_id, deployment_id) references deployment (account_id, id) on delete cascade
  )`,
  `create index agent_work_open on agent_work (agent_id, id) where state in ('queued', 'leased')`,
  `create index agent_work_deployment on agent_work (account_id, deployment_id)`,
  `create index agent_work_agent on agent_work (account_id, agent_id)`,
  // Of a CSR whose key is on the host of an agent.
  `alter table csr add column agent_id text`,
  `alter table csr add foreign key (account_id, agent_id) references agent (account_id, id)`,
  `create index csr_agent on csr (account_id, agent_id)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
