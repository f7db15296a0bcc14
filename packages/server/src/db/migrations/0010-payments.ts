/**
 * Payments by way of providers: connections, what was received, and the catalogue that changes at run time.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // Of the installation, like an issuer: every account pays through it.
  `create table payment_connection (
    id text primary key,
    title text not null,
    kind text not null,
    config_secret_id text not null references secret,
    enabled boolean not null default true,
    created_at timestamptz not null
  )`,
  `alter table payment
    add column connection_id text references payment_connection,
    add column external_id text,
    add column place jsonb,
    add column received_minor bigint not null default 0 check (received_minor >= 0),
    add column expires_at timestamptz,
    add column poll_at timestamptz,
    add column polls int not null default 0,
    add column problem text,
    drop constraint payment_state_check,
    add constraint payment_state_check check (state in ('created', 'succeeded', 'credited', 'failed', 'cancelled', 'refunded')),
    add constraint payment_account unique (account_id, id)`,
  // Several attempts may be open, one at each connection; one of them pays.
  `drop index payment_once`,
  `create unique index payment_once on payment (order_id) where state in ('succeeded', 'refunded')`,
  `create unique index payment_open on payment (order_id, connection_id) where state = 'created' and connection_id is not null`,
  `create index payment_due on payment (poll_at) where state = 'created' and poll_at is not null`,
  `create index payment_by_account on payment (account_id, id desc)`,
  `create table payment_receipt (
    payment_id text not null,
    reference text not null,
    account_id text not null references account,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    note text,
    recorded_by text not null,
    received_at timestamptz not null,
    primary key (payment_id, reference),
    foreign key (account_id, payment_id) references payment (account_id, id)
  )`,
  // Not sold any more; what was sold goes on.
  `alter table product add column retired_at timestamptz`,
  `alter table ledger_transaction
    drop constraint ledger_transaction_kind_check,
    add constraint ledger_transaction_kind_check
      check (kind in ('topUp', 'payment', 'refund', 'receipt', 'settlement', 'credit'))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
