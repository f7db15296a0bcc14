/**
 * Several master keys: the one that seals and those that still open. A record refers to its key, so that no key goes while one needs it.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table master_key (
    id text primary key,
    seals boolean not null,
    since timestamptz not null
  )`,
  `create unique index master_key_that_seals on master_key (seals) where seals`,
  // Until now there was one key for all records.
  `insert into master_key (id, seals, since) select master_key_id, true, min(created_at) from secret group by master_key_id`,
  `alter table secret add constraint secret_master_key_id_fkey foreign key (master_key_id) references master_key`,
  `create index secret_by_master_key on secret (master_key_id, id)`,
  // A removed key that a node still has must not be taken for a new one.
  `create table removed_master_key (
    id text primary key,
    removed_at timestamptz not null
  )`,
  // Which keys each running node has, by the database's clock.
  `create table master_key_holder (
    node text primary key,
    key_ids text[] not null,
    sealing_id text,
    seen_at timestamptz not null
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
