/**
 * How certificates end before their time: revocations, when a row was closed, TXT records that are still to be removed; and a ledger
 * from which nothing is deleted.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table revocation (
    id text primary key,
    account_id text not null references account,
    certificate_id text not null,
    state text not null check (state in ('awaitingConfirmation', 'confirmed', 'revoked', 'declined', 'refused')),
    version int not null default 1,
    reason text not null
      check (reason in ('unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation')),
    failures int not null default 0,
    failed_code text,
    failed_detail text,
    retry_at timestamptz,
    requested_at timestamptz not null,
    requested_by text not null,
    confirmed_at timestamptz,
    confirmed_by text,
    ended_at timestamptz,
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
  `create unique index revocation_live on revocation (certificate_id) where state in ('awaitingConfirmation', 'confirmed')`,
  `create index revocation_by_certificate on revocation (certificate_id, id desc)`,
  `alter table certificate add column closed_at timestamptz`,
  `alter table certificate add column revocation_confirmed_at timestamptz`,
  // A revoked successor does not stand in the way of another renewal of the same old certificate.
  `drop index certificate_successor`,
  `create unique index certificate_successor on certificate (renews_certificate_id)
    where renews_certificate_id is not null and closed_as is null and revoked_at is null`,
  `alter table application add column txt_remove_at timestamptz`,
  // What destroying a key asks for, and the references to it that the database itself checks.
  `create index application_by_certificate on application (certificate_id)`,
  `create index application_by_key on application (private_key_id) where private_key_id is not null`,
  `create index issuance_by_key on issuance (private_key_id) where private_key_id is not null`,
  `create index private_key_by_secret on private_key (secret_id)`,
  `create index application_txt on application (certificate_id) where txt_remove_at is not null`,
  `update application set txt_remove_at = now()
    where form->>'validationMethod' = 'dnsAutomatic' and proof_published_at is not null and state <> 'issued'`,
  // The first trigger saw the new row of a change alone, so an entry that moved to another transaction left an odd one behind.
  `create or replace function ledger_sums_to_zero() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from ledger_entry
          where transaction_id in (new.transaction_id, case when tg_op = 'UPDATE' then old.transaction_id end)
          group by transaction_id having sum(amount_minor) <> 0) then
        raise exception 'ledger transaction % does not sum to zero', new.transaction_id;
      end if;
      return null;
    end $$`,
  `create function ledger_only_grows() returns trigger language plpgsql as $$
    begin
      raise exception 'nothing is deleted from %: book the opposite movement', tg_table_name;
    end $$`,
  ...['ledger_entry', 'ledger_transaction'].flatMap((table) => [
    `create trigger ${table}_only_grows before delete on ${table} for each row execute function ledger_only_grows()`,
    `create trigger ${table}_is_kept before truncate on ${table} for each statement execute function ledger_only_grows()`,
  ]),
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
