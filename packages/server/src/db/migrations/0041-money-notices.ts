/**
 * Notices of money that paid no order and of managed certificates that could not act by themselves.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table notice drop constraint notice_kind_check`,
  `alter table notice add constraint notice_kind_check check (kind in
    ('expiry', 'expired', 'applicationRefused', 'renewalAttention', 'deploymentFailed', 'deploymentRolledBack', 'deliveryGivenUp',
     'endpointStrayed', 'reviewWaiting', 'approvalWaiting', 'approvalDecided', 'moneyCredited', 'managedBlocked'))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
