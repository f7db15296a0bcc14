/**
 * Which certificates' people were told of a revoked intermediate: one notice may tell of many of them.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table told_of_issuer (
    account_id text not null references account,
    certificate_id text not null,
    occasion text not null,
    told_at timestamptz not null,
    primary key (account_id, certificate_id, occasion),
    foreign key (account_id, certificate_id) references certificate (account_id, id) on delete cascade
  )`,
  // The occasion of a notice ended with the certificate.
  `insert into told_of_issuer (account_id, certificate_id, occasion, told_at)
    select account_id, certificate_id, left(occasion, length(occasion) - length(certificate_id) - 1), created_at from notice
    where kind = 'revokedByCa' and facts ? 'issuer' and certificate_id is not null and right(occasion, length(certificate_id) + 1) = ':' || certificate_id
    on conflict do nothing`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
