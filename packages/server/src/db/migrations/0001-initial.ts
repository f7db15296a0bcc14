/**
 * The first schema: accounts, catalogue, orders with their ledger, certificates with applications and issuances, deployment and proof.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

/** Every table that belongs to an account carries it, and references inside an account carry it too, so that no row can point across. */
const STATEMENTS = [
  `create table account (
    id text primary key,
    name text not null,
    created_at timestamptz not null
  )`,
  `create table access_token (
    id text primary key,
    account_id text not null references account,
    name text not null,
    token_sha256 text not null unique,
    scopes text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz
  )`,
  `create table secret (
    id text primary key,
    account_id text references account,
    purpose text not null,
    master_key_id text not null,
    wrapped_key bytea not null,
    ciphertext bytea not null,
    created_at timestamptz not null
  )`,
  `create table issuer (
    id text primary key,
    title text not null,
    kind text not null,
    config_secret_id text not null references secret,
    account_secret_id text references secret,
    account_opened_at timestamptz,
    root_pem text,
    validity_rule text not null check (validity_rule in ('public', 'private')),
    created_at timestamptz not null
  )`,
  `create table product (
    id text primary key,
    issuer_id text not null references issuer,
    title_en text not null,
    title_zh text not null,
    domain_type text not null check (domain_type in ('single', 'multi', 'wildcard', 'multiWildcard', 'mixed')),
    certificate_type text not null check (certificate_type in ('DV', 'OV', 'EV')),
    grade text not null,
    brand text not null,
    supports_renewal boolean not null,
    created_at timestamptz not null
  )`,
  `create table product_price (
    product_id text not null references product,
    term_years int not null check (term_years between 1 and 3),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    base_minor bigint not null check (base_minor >= 0),
    included_domains int not null check (included_domains >= 1),
    extra_domain_minor bigint not null check (extra_domain_minor >= 0),
    primary key (product_id, term_years)
  )`,
  `create table "order" (
    id text primary key,
    account_id text not null references account,
    kind text not null check (kind in ('new', 'renewal')),
    state text not null check (state in ('placed', 'paid', 'cancelled', 'expired', 'refunded')),
    version int not null default 1,
    product_id text not null references product,
    domain_type text not null,
    certificate_type text not null,
    grade text not null,
    brand text not null,
    domain_count int not null check (domain_count >= 1),
    term_years int not null,
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    same_specification boolean not null,
    renews_certificate_id text,
    placed_at timestamptz not null,
    paid_at timestamptz,
    unique (account_id, id),
    check ((kind = 'renewal') = (renews_certificate_id is not null))
  )`,
  `create index order_by_account on "order" (account_id, id desc)`,
  `create index order_unpaid on "order" (placed_at) where state = 'placed'`,
  `create table payment (
    id text primary key,
    account_id text not null references account,
    order_id text not null,
    method text not null,
    state text not null check (state in ('created', 'succeeded', 'failed', 'cancelled', 'refunded')),
    version int not null default 1,
    amount_minor bigint not null,
    currency text not null,
    created_at timestamptz not null,
    foreign key (account_id, order_id) references "order" (account_id, id)
  )`,
  `create unique index payment_once on payment (order_id) where state in ('created', 'succeeded')`,
  `create table ledger_transaction (
    id text primary key,
    account_id text not null references account,
    kind text not null check (kind in ('topUp', 'payment', 'refund')),
    reference text not null,
    order_id text,
    note text,
    created_at timestamptz not null,
    unique (account_id, kind, reference),
    foreign key (account_id, order_id) references "order" (account_id, id)
  )`,
  `create index ledger_transaction_by_account on ledger_transaction (account_id, id desc)`,
  `create table ledger_entry (
    transaction_id text not null references ledger_transaction,
    account_id text not null references account,
    ledger_account text not null,
    amount_minor bigint not null,
    currency text not null,
    primary key (transaction_id, ledger_account)
  )`,
  `create table balance (
    account_id text not null references account,
    currency text not null,
    amount_minor bigint not null check (amount_minor >= 0),
    primary key (account_id, currency)
  )`,
  `create function ledger_sums_to_zero() returns trigger language plpgsql as $$
    begin
      if (select sum(amount_minor) from ledger_entry where transaction_id = new.transaction_id) <> 0 then
        raise exception 'ledger transaction % does not sum to zero', new.transaction_id;
      end if;
      return null;
    end $$`,
  `create constraint trigger ledger_entry_sums_to_zero after insert or update on ledger_entry
    deferrable initially deferred for each row execute function ledger_sums_to_zero()`,
  `create table certificate (
    id text primary key,
    account_id text not null references account,
    name text not null check (length(name) between 1 and 64),
    origin text not null check (origin in ('purchased', 'uploaded')),
    managed boolean not null default false,
    product_id text references product,
    order_id text,
    renews_certificate_id text,
    lineage_id text not null,
    lineage_index int not null,
    closed_as text check (closed_as in ('cancelled', 'refunded', 'closed')),
    revocation_requested_at timestamptz,
    revoked_at timestamptz,
    application_id text,
    issuance_id text,
    served_at timestamptz,
    probe_failures int not null default 0,
    probe_due_at timestamptz,
    advance_at timestamptz,
    created_at timestamptz not null,
    unique (account_id, id),
    foreign key (account_id, order_id) references "order" (account_id, id),
    foreign key (account_id, renews_certificate_id) references certificate (account_id, id),
    check ((origin = 'purchased') = (order_id is not null))
  )`,
  `create index certificate_list on certificate (account_id, lineage_id desc, lineage_index)`,
  `create unique index certificate_name on certificate (account_id, name) where closed_as is null`,
  `create unique index certificate_successor on certificate (renews_certificate_id)
    where renews_certificate_id is not null and closed_as is null`,
  `create unique index certificate_of_order on certificate (order_id) where order_id is not null`,
  `create index certificate_due on certificate (advance_at) where advance_at is not null`,
  `create table renewal (
    id text primary key,
    account_id text not null references account,
    old_certificate_id text not null,
    new_certificate_id text,
    order_id text not null unique,
    state text not null check (state in ('ordered', 'open', 'attention', 'closed', 'cancelled')),
    version int not null default 1,
    created_at timestamptz not null,
    closed_at timestamptz,
    foreign key (account_id, old_certificate_id) references certificate (account_id, id),
    foreign key (account_id, new_certificate_id) references certificate (account_id, id),
    foreign key (account_id, order_id) references "order" (account_id, id)
  )`,
  `create unique index renewal_live on renewal (old_certificate_id) where state <> 'cancelled'`,
  `create index renewal_of_new on renewal (new_certificate_id) where new_certificate_id is not null`,
  `create table entitlement (
    certificate_id text primary key,
    account_id text not null references account,
    term_years int not null,
    starts_at timestamptz not null,
    entitled_until timestamptz not null,
    topped_up_days int not null,
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
  `create table dns_connection (
    id text primary key,
    account_id text not null references account,
    name text not null,
    kind text not null,
    config_secret_id text not null references secret,
    created_at timestamptz not null,
    unique (account_id, id),
    unique (account_id, name)
  )`,
  `create table private_key (
    id text primary key,
    account_id text not null references account,
    algorithm text not null,
    spki_sha256 text not null,
    secret_id text not null references secret,
    created_at timestamptz not null,
    unique (account_id, id)
  )`,
  `create table application (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    issuer_id text not null references issuer,
    state text not null check (state in ('pendingValidation', 'inReview', 'reviewFailed', 'issued', 'withdrawn')),
    version int not null default 1,
    form jsonb not null,
    identifiers text[] not null,
    method text not null check (method in ('file', 'dns')),
    private_key_id text,
    spki_sha256 text,
    csr bytea,
    reference text not null unique,
    first_attempt_at timestamptz,
    ca_order_ref text,
    proof_published_at timestamptz,
    answered_at timestamptz,
    finalize_started_at timestamptz,
    failures int not null default 0,
    failed_code text,
    failed_detail text,
    retry_at timestamptz,
    submitted_at timestamptz not null,
    foreign key (account_id, certificate_id) references certificate (account_id, id),
    foreign key (account_id, private_key_id) references private_key (account_id, id)
  )`,
  `create unique index application_in_progress on application (certificate_id)
    where state in ('pendingValidation', 'inReview', 'reviewFailed')`,
  `create unique index application_public_key on application (spki_sha256) where spki_sha256 is not null and (state <> 'withdrawn' or finalize_started_at is not null)`,
  `create table validation (
    application_id text not null references application,
    account_id text not null references account,
    ref text not null,
    identifier text not null,
    wildcard boolean not null,
    method text not null check (method in ('file', 'dns')),
    location text not null,
    content text not null,
    state text not null check (state in ('pending', 'processing', 'valid', 'invalid')),
    problem text,
    validated_at timestamptz,
    primary key (application_id, ref)
  )`,
  `create index validation_file on validation (identifier, location) where method = 'file'`,
  `create table issuance (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    application_id text unique references application,
    private_key_id text,
    sha256 text not null,
    serial text not null,
    issuer text not null,
    names text[] not null,
    common_name text,
    spki_sha256 text not null,
    not_before timestamptz not null,
    not_after timestamptz not null,
    window_opens_at timestamptz not null,
    chain_pem text not null,
    created_at timestamptz not null,
    unique (account_id, id),
    unique (account_id, sha256),
    foreign key (account_id, certificate_id) references certificate (account_id, id),
    foreign key (account_id, private_key_id) references private_key (account_id, id)
  )`,
  `create index issuance_window on issuance (account_id, window_opens_at)`,
  `create index issuance_by_certificate on issuance (certificate_id)`,
  `create table target (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    name text not null,
    kind text not null,
    config_secret_id text not null references secret,
    created_at timestamptz not null,
    unique (account_id, id),
    unique (account_id, name),
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
  `create index target_by_certificate on target (certificate_id)`,
  `create table deployment (
    id text primary key,
    account_id text not null references account,
    target_id text not null,
    issuance_id text not null,
    certificate_id text not null,
    state text not null
      check (state in ('planned', 'applied', 'rolledBack', 'failed', 'proved', 'abandoned', 'superseded')),
    version int not null default 1,
    log jsonb not null default '[]',
    failures int not null default 0,
    problem text,
    retry_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (target_id, issuance_id),
    foreign key (account_id, target_id) references target (account_id, id),
    foreign key (account_id, issuance_id) references issuance (account_id, id)
  )`,
  `create index deployment_by_certificate on deployment (certificate_id)`,
  `create index deployment_by_issuance on deployment (issuance_id)`,
  `create table endpoint (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    host text not null,
    port int not null check (port between 1 and 65535),
    server_name text not null,
    created_at timestamptz not null,
    unique (account_id, id),
    unique (account_id, host, port, server_name),
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
  `create index endpoint_by_certificate on endpoint (certificate_id)`,
  `create table observation (
    endpoint_id text not null,
    account_id text not null references account,
    address text not null,
    certificate_id text not null,
    verdict text not null,
    sha256 text,
    chain_sha256 text[] not null,
    not_before timestamptz,
    not_after timestamptz,
    cause jsonb not null,
    remedy jsonb not null,
    observed_at timestamptz not null,
    primary key (endpoint_id, address),
    foreign key (account_id, endpoint_id) references endpoint (account_id, id)
  )`,
  `create table history (
    id bigint generated always as identity primary key,
    account_id text not null references account,
    certificate_id text,
    subject text not null,
    subject_id text not null,
    from_state text,
    to_state text not null,
    actor text not null,
    detail text,
    at timestamptz not null
  )`,
  `create index history_by_certificate on history (certificate_id, id desc) where certificate_id is not null`,
  `create table idempotency_key (
    account_id text not null references account,
    key text not null,
    operation text not null,
    request_sha256 text not null,
    response jsonb,
    created_at timestamptz not null,
    primary key (account_id, key)
  )`,
  `create index idempotency_key_age on idempotency_key (created_at)`,
  `create table renewal_policy (
    only_row boolean primary key check (only_row),
    policy text not null
  )`,
  `create table ca_authority (
    id text primary key,
    root_pem text not null,
    intermediate_pem text not null,
    keys_secret_id text not null references secret,
    created_at timestamptz not null
  )`,
  `create table ca_order (
    id text primary key,
    authority_id text not null,
    reference text not null,
    version int not null,
    state text not null check (state in ('pending', 'ready', 'signing', 'issued', 'refused')),
    not_after timestamptz not null,
    challenges jsonb not null,
    serial text unique,
    csr_sha256 text,
    not_before timestamptz,
    chain_pem text,
    refusal text,
    revoked_at timestamptz,
    revocation_reason int,
    unique (authority_id, reference)
  )`,
  `create index ca_order_revoked on ca_order (authority_id) where revoked_at is not null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
