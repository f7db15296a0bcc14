/**
 * Contacts, companies with their documents, stored CSRs, reviews, and what an application keeps of who applied. `applications:review` is
 * a new permission, which whoever may operate the installation gets.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table contact (
    id text primary key,
    account_id text not null references account,
    name text not null,
    email text not null,
    phone text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (account_id, id)
  )`,
  `create table company (
    id text primary key,
    account_id text not null references account,
    details jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (account_id, id)
  )`,
  `create table company_document (
    id text primary key,
    account_id text not null references account,
    company_id text,
    kind text not null check (kind in ('businessLicence', 'bankPermit')),
    content_type text not null check (content_type in ('image/png', 'image/jpeg')),
    bytes int not null,
    width int not null,
    height int not null,
    secret_id text not null references secret,
    created_at timestamptz not null,
    unique (account_id, id),
    foreign key (account_id, company_id) references company (account_id, id)
  )`,
  `create unique index company_document_current on company_document (company_id, kind) where company_id is not null`,
  `create table csr (
    id text primary key,
    account_id text not null references account,
    name text not null check (length(name) between 1 and 64),
    origin text not null check (origin in ('system', 'uploaded')),
    common_name text,
    names text[] not null,
    algorithm text not null,
    spki_sha256 text not null,
    der bytea not null,
    private_key_id text,
    created_at timestamptz not null,
    unique (account_id, id),
    unique (account_id, name),
    unique (account_id, spki_sha256),
    foreign key (account_id, private_key_id) references private_key (account_id, id)
  )`,
  `alter table application add column submitted_by text`,
  `alter table application add column submitted_by_name text`,
  `alter table application add column applicant jsonb`,
  `alter table application add column csr_id text`,
  `alter table application add constraint application_csr foreign key (account_id, csr_id)
    references csr (account_id, id) on delete set null (csr_id)`,
  `create index application_by_csr on application (csr_id) where csr_id is not null`,
  `create unique index application_of_account on application (account_id, id)`,
  `alter table validation add column servers jsonb`,
  `alter table validation add column servers_asked_at timestamptz`,
  `create table review (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    application_id text not null unique,
    state text not null check (state in ('waiting', 'approved', 'refused')),
    version int not null default 1,
    certificate_type text not null check (certificate_type in ('DV', 'OV', 'EV')),
    created_at timestamptz not null,
    decided_by text,
    decided_by_name text,
    decided_at timestamptz,
    reviewed_at timestamptz,
    reused_review_id text,
    reason text,
    evidence text,
    checks jsonb not null default '[]',
    unique (account_id, id),
    foreign key (account_id, certificate_id) references certificate (account_id, id),
    foreign key (account_id, application_id) references application (account_id, id),
    foreign key (account_id, reused_review_id) references review (account_id, id),
    check ((state = 'waiting') = (decided_at is null))
  )`,
  `create index review_queue on review (account_id, state, id)`,
  `create index review_of_state on review (state, id)`,
  `alter table ca_order add column subject jsonb`,
  `update access_token set scopes = array_append(scopes, 'applications:review')
    where 'installation:operate' = any(scopes) and not 'applications:review' = any(scopes)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
