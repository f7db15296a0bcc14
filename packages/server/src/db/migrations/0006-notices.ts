/**
 * Notices: what each certificate's owner has to be told and when, the channels that carry it, and each delivery.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table notice_settings (
    account_id text primary key references account,
    leads_days int[] not null,
    quiet_from_minute int check (quiet_from_minute between 0 and 1439),
    quiet_until_minute int check (quiet_until_minute between 0 and 1439),
    time_zone text not null,
    language text not null check (language in ('en', 'zh')),
    recipients jsonb not null,
    updated_at timestamptz not null
  )`,
  `create table notice_channel (
    id text primary key,
    account_id text not null references account,
    name text not null check (length(name) between 1 and 64),
    kind text not null,
    role text not null check (role in ('always', 'fallback')),
    config_secret_id text references secret,
    created_at timestamptz not null,
    removed_at timestamptz,
    unique (account_id, id),
    check ((config_secret_id is null) = (removed_at is not null))
  )`,
  `create unique index notice_channel_name on notice_channel (account_id, name) where removed_at is null`,
  `create table notice (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    kind text not null check (kind in
      ('expiry', 'expired', 'applicationRefused', 'renewalAttention', 'deploymentFailed', 'deploymentRolledBack', 'deliveryGivenUp')),
    occasion text not null,
    facts jsonb not null,
    created_at timestamptz not null,
    read_at timestamptz,
    unique (account_id, id),
    foreign key (account_id, certificate_id) references certificate (account_id, id) on delete cascade
  )`,
  // One for each certificate and lead: whoever plans it twice finds it there.
  `create unique index notice_once on notice (certificate_id, kind, occasion)`,
  `create index notice_by_account on notice (account_id, id desc)`,
  `create index notice_unread on notice (account_id, id desc) where read_at is null`,
  `create table notice_delivery (
    id text primary key,
    account_id text not null references account,
    notice_id text not null,
    channel_id text not null,
    state text not null check (state in ('planned', 'failed', 'sent', 'givenUp', 'obsolete')),
    version int not null default 1,
    attempts int not null default 0,
    attempt_at timestamptz not null,
    problem_code text,
    problem text,
    created_at timestamptz not null,
    sent_at timestamptz,
    unique (notice_id, channel_id),
    foreign key (account_id, notice_id) references notice (account_id, id) on delete cascade,
    foreign key (account_id, channel_id) references notice_channel (account_id, id)
  )`,
  `create index notice_delivery_due on notice_delivery (attempt_at) where state in ('planned', 'failed')`,
  `alter table certificate add column next_notice_at timestamptz`,
  `create index certificate_notice_due on certificate (next_notice_at) where next_notice_at is not null`,
  // Whatever gives a certificate an issuance, its notices are worked out by the scan: for the first one when the longest lead of 90 days can
  // begin, for a later one at once, since the one before it may be what clients still see.
  `create function certificate_watch_expiry() returns trigger language plpgsql as $$
    begin
      new.next_notice_at := 'epoch';
      if tg_op = 'UPDATE' then
        if old.issuance_id is not null then
          return new;
        end if;
      end if;
      select coalesce(max(not_after) - interval '2184 hours', 'epoch') into new.next_notice_at
        from issuance where id = new.issuance_id;
      return new;
    end $$`,
  `create trigger certificate_watch_expiry_insert before insert on certificate
    for each row when (new.issuance_id is not null and new.next_notice_at is null) execute function certificate_watch_expiry()`,
  `create trigger certificate_watch_expiry_update before update of issuance_id on certificate
    for each row when (new.issuance_id is not null and new.issuance_id is distinct from old.issuance_id)
    execute function certificate_watch_expiry()`,
  // Also where references are not checked (db/bulk.ts): what is uploaded in bulk has to be told of, too.
  `alter table certificate enable always trigger certificate_watch_expiry_insert`,
  `alter table certificate enable always trigger certificate_watch_expiry_update`,
  `update certificate set next_notice_at = 'epoch' where issuance_id is not null and closed_as is null and revoked_at is null`,
  // Who holds every permission of before holds these two as well.
  `update access_token set scopes = scopes || '{notices:read,notices:write}'::text[]
    where 'installation:operate' = any(scopes) and not ('notices:read' = any(scopes))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
