/**
 * Notices for one member: who may decide on a request, and who asked for it.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // Null: for everybody in the account.
  `alter table notice add column for_user_id text references "user" on delete cascade`,
  `create unique index notice_once_for_user on notice (account_id, for_user_id, kind, occasion) where for_user_id is not null`,
  `alter table notice drop constraint notice_kind_check`,
  `alter table notice add constraint notice_kind_check check (kind in
    ('expiry', 'expired', 'applicationRefused', 'renewalAttention', 'deploymentFailed', 'deploymentRolledBack', 'endpointStrayed',
      'reviewWaiting', 'approvalWaiting', 'approvalDecided', 'deliveryGivenUp'))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
