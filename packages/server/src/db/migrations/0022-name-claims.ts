/**
 * A domain name belongs to the account that proved it. What was proved before is claimed by whoever proved it first.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table name_claim (
    name text primary key check (name = lower(name) and name not like '*%'),
    parent text not null generated always as (substr(name, strpos(name, '.') + 1)) stored,
    account_id text not null references account,
    how text not null check (how in ('proved', 'assigned')),
    application_id text,
    proved_at timestamptz not null,
    foreign key (account_id, application_id) references application (account_id, id) on delete set null (application_id)
  )`,
  `create index name_claim_parent on name_claim (parent)`,
  `create index name_claim_application on name_claim (account_id, application_id)`,
  `alter table validation add column found_valid boolean not null default false`,
  `create index validation_ref on validation (ref)`,
  `insert into name_claim (name, account_id, how, application_id, proved_at)
    select distinct on (name) name, account_id, 'proved', application_id, proved_at from (
      select lower(identifier) as name, account_id, application_id, validated_at as proved_at
        from validation where state = 'valid' and validated_at is not null and not reused
      union all
      select regexp_replace(lower(identifier), '^\\*\\.', ''), account_id, id, submitted_at
        from application cross join unnest(identifiers) as identifier
        where ca_order_ref is not null and state in ('inReview', 'issued')
    ) as proof order by name, proved_at, application_id`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
