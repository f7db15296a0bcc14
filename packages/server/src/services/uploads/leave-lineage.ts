/**
 * An upload that ends in the middle of its lineage is taken out of it: what followed it follows the one before.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import { writeLater } from '../../db/later.ts'
import { recordHistory, type HistoryFacts, type Trx } from '../../db/transition.ts'

/**
 * Held until the transaction ends, and taken before anything else is locked but names: who ends a certificate touches its neighbours, so two at
 * once, each with one row of the lineage, would wait for each other. Whoever orders or pays a renewal takes it too. Locks no row.
 *
 * @param certificateId or an expression for it; null locks nothing
 */
export async function lockLineage(trx: Trx, accountId: string, certificateId: string | RawBuilder<string | null>): Promise<void> {
  const lock = sql`select pg_advisory_xact_lock(hashtextextended(lineage_id, 0))::text from certificate
    where id = ${certificateId} and account_id = ${accountId}`
  await writeLater(trx, lock.compile(trx))
}

/**
 * After it was deleted or revoked, in the same transaction, under {@link lockLineage}. Else the one before would ask to be renewed, although a later one is there. Nothing
 * happens where the certificate was bought, or nothing stands on both of its sides.
 */
export async function leaveLineage(trx: Trx, facts: HistoryFacts, certificateId: string): Promise<void> {
  const { rows } = await sql<{
    id: string
    old_id: string
  }>`update certificate c set renews_certificate_id = gone.renews_certificate_id
    from certificate gone
    where gone.id = ${certificateId} and gone.account_id = ${facts.accountId} and gone.origin = 'uploaded'
      and gone.renews_certificate_id is not null and c.account_id = gone.account_id and c.renews_certificate_id = gone.id
      and c.closed_as is null and c.revoked_at is null
    returning c.id, c.renews_certificate_id as old_id`.execute(trx)
  for (const { id, old_id: oldId } of rows) {
    const followed = { subject: 'certificate', subjectId: oldId, fromState: null, toState: 'followed', detail: id } as const
    await recordHistory(trx, { ...facts, certificateId: oldId, ...followed })
  }
}
