/**
 * The audit log: entries beside the history of states, and the batches that chain and sign both. Nothing of it is changed or removed,
 * but by retention.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const TABLES = [
  `create table audit_entry (
    id bigint generated always as identity primary key,
    account_id text references account,
    at timestamptz not null,
    actor text not null,
    actor_kind text not null check (actor_kind in ('user', 'token', 'service', 'nobody')),
    actor_id text,
    action text not null,
    subject text,
    subject_id text,
    outcome text not null check (outcome in ('done', 'refused', 'failed', 'unknown')),
    address text,
    request_id text,
    details text not null check (jsonb_typeof(details::jsonb) = 'object')
  )`,
  `create index audit_entry_by_time on audit_entry (at, id)`,
  `create index audit_entry_by_account on audit_entry (account_id, at, id)`,
  `create index audit_entry_by_actor on audit_entry (actor, at, id)`,
  `create index history_by_account on history (account_id, at, id)`,
  // What the service does by itself is most of it, and is not looked for by who did it.
  `create index history_by_actor on history (actor, at, id) where actor <> 'evercert'`,
  // Written before an operation, and gone with its entry: what is left tells that the service died in the middle of it.
  `create table audit_intent (
    id text primary key,
    at timestamptz not null,
    entry text not null
  )`,
  `create index audit_intent_by_time on audit_intent (at)`,
  // Rows of a batch in the order of the chain: an id of history, or of audit_entry with a minus before it.
  `create table audit_batch (
    position bigint primary key,
    previous bigint not null unique,
    at timestamptz not null,
    rows bigint[] not null,
    salts bytea not null,
    hashes bytea not null,
    history_max bigint not null,
    entry_max bigint not null,
    jws text not null,
    removed boolean not null default false,
    check (previous < position)
  )`,
  `create index audit_batch_by_history on audit_batch (history_max)`,
  `create index audit_batch_by_entry on audit_batch (entry_max)`,
  // Up to the low marks every row is in a batch. Up to the next marks no row will appear any more once transaction mark_xid is over.
  `create table audit_head (
    only_row boolean primary key default true check (only_row),
    history_low bigint not null default 0,
    entry_low bigint not null default 0,
    history_mark bigint not null default 0,
    entry_mark bigint not null default 0,
    mark_xid bigint not null default 0,
    marked_at timestamptz not null default now(),
    retention_through bigint,
    retention_entry_id bigint
  )`,
  `insert into audit_head default values`,
]

const GUARD = `create function audit_keep() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' and current_setting('evercert.audit_retention', true) = 'on' then return old; end if;
    if tg_op = 'UPDATE' and tg_table_name = 'audit_batch' and current_setting('evercert.audit_retention', true) = 'on' then return new; end if;
    raise exception 'nothing of % is changed or removed: the audit log is written once', tg_table_name;
  end $$`

const GUARDED = ['audit_entry', 'audit_batch', 'history']

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, GUARD]) await sql.raw(statement).execute(db)
  for (const table of GUARDED) {
    await sql
      .raw(`create trigger ${table}_keep before update or delete on ${table} for each row execute function audit_keep()`)
      .execute(db)
    await sql
      .raw(`create trigger ${table}_keep_all before truncate on ${table} for each statement execute function audit_keep()`)
      .execute(db)
  }
  // Who holds every permission of before holds this one as well.
  await sql
    .raw(
      `update access_token set scopes = scopes || '{audit:read}'::text[]
        where 'installation:operate' = any(scopes) and not ('audit:read' = any(scopes))`,
    )
    .execute(db)
}
