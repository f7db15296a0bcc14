/**
 * Prices in several currencies for one term, and promotions: what takes something off a price, for whom and how often.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table product_price
    drop constraint product_price_pkey,
    add primary key (product_id, term_years, currency),
    add column rank int not null default 0`,
  // Of the installation, like the products that they are for.
  `create table promotion (
    id text primary key,
    title_en text not null,
    title_zh text not null,
    code text check (code ~ '^[A-Z0-9][A-Z0-9-]{3,31}$'),
    percent int check (percent between 1 and 100),
    amount_minor bigint check (amount_minor > 0),
    currency text check (currency ~ '^[A-Z]{3}$'),
    product_ids text[],
    term_years int[],
    starts_at timestamptz not null,
    ends_at timestamptz check (ends_at > starts_at),
    max_uses int check (max_uses > 0),
    uses int not null default 0 check (uses >= 0),
    withdrawn_at timestamptz,
    created_at timestamptz not null,
    check ((percent is null) <> (amount_minor is null)),
    check ((amount_minor is null) = (currency is null)),
    check (uses <= max_uses)
  )`,
  // A code is free again once its promotion is withdrawn.
  `create unique index promotion_code on promotion (code) where withdrawn_at is null`,
  `create index promotion_offered on promotion (id) where withdrawn_at is null and code is null`,
  // As it was when the order was placed: amount_minor is what is paid, the list price is both together.
  `alter table "order"
    add column discount_minor bigint not null default 0 check (discount_minor >= 0),
    add column promotion_id text references promotion,
    add column promotion_title_en text,
    add column promotion_title_zh text,
    add column promotion_percent int`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
