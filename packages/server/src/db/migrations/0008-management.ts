/**
 * Certificates that renew by themselves: the owner's limit, the jitter that is drawn once, and what went wrong last.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table management (
    certificate_id text primary key,
    account_id text not null references account,
    limit_minor bigint not null check (limit_minor >= 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    jitter double precision not null check (jitter >= 0 and jitter < 1),
    failures int not null default 0,
    failed_code text,
    failed_detail text,
    retry_at timestamptz,
    created_at timestamptz not null,
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
