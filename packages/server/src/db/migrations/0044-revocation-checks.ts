/**
 * What the CAs say of certificates that are held or were seen at endpoints: revoked or not, by whose word, and when it is asked again.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `create table revocation_check (
    account_id text not null references account,
    sha256 text not null,
    serial text not null,
    leaf_der bytea not null,
    issuer_der bytea,
    method text not null check (method in ('crl', 'ocsp', 'none')),
    urls text[] not null,
    url text,
    state text not null check (state in ('unknown', 'good', 'revoked')),
    problem_code text,
    problem text,
    source text check (source in ('crl', 'ocsp', 'staple')),
    checked_at timestamptz,
    this_update timestamptz,
    next_update timestamptz,
    revoked_at timestamptz,
    reason text,
    failures int not null default 0,
    not_after timestamptz not null,
    seen_at timestamptz,
    told_at timestamptz,
    acted_at timestamptz,
    next_at timestamptz,
    primary key (account_id, sha256),
    check ((state = 'revoked') = (revoked_at is not null))
  )`,
  `create index revocation_check_due on revocation_check (next_at) where next_at is not null`,
  `create index revocation_check_revoked on revocation_check (account_id, sha256) where state = 'revoked'`,
  // False with every new one, whoever adds it: the next round notes it.
  `alter table issuance add column revocation_noted boolean not null default false`,
  `create index issuance_revocation_not_noted on issuance (id) where not revocation_noted`,
  `alter table notice drop constraint notice_kind_check`,
  `alter table notice add constraint notice_kind_check check (kind in
    ('expiry', 'expired', 'applicationRefused', 'renewalAttention', 'deploymentFailed', 'deploymentRolledBack', 'deliveryGivenUp',
     'endpointStrayed', 'reviewWaiting', 'approvalWaiting', 'approvalDecided', 'moneyCredited', 'managedBlocked', 'revokedByCa'))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
