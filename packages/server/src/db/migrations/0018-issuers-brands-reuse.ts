/**
 * Issuers that are retired, brands as a list of their own, and validations that are taken over from earlier orders.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table issuer add column retired_at timestamptz`,
  `create table brand (
    name text primary key check (length(name) between 1 and 64),
    title_en text not null,
    title_zh text not null,
    created_at timestamptz not null
  )`,
  `insert into brand (name, title_en, title_zh, created_at)
    select brand, brand, brand, min(created_at) from product group by brand`,
  `alter table product add constraint product_brand_fkey foreign key (brand) references brand`,
  `alter table validation add column reused boolean not null default false`,
  `create index validation_proved on validation (account_id, identifier) where state = 'valid'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
