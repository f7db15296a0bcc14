/**
 * The locks of whoever orders a renewal, pays it or gives it up, in the order in which everybody takes them: names, lineage, order. Under them
 * nobody ends the certificate that is renewed, nor is it renewed in another way.
 *
 * @module
 */
import { sql } from 'kysely'
import { writeLater } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'
import { lockNames } from './certificate-rows.ts'
import { lockLineage } from './uploads/leave-lineage.ts'

/** Before the order is placed. Uploads that may follow the certificate lock the names, too. */
export async function lockToRenew(trx: Trx, accountId: string, oldId: string): Promise<void> {
  await lockNames(trx, accountId)
  await lockLineage(trx, accountId, oldId)
}

/** The order, after what {@link lockToRenew} locks when it is one of a renewal. */
export async function lockOrder(trx: Trx, accountId: string, orderId: string): Promise<void> {
  const ofRenewal = (column: 'account_id' | 'renews_certificate_id') => sql<string | null>`(select ${sql.ref(column)} from "order"
    where id = ${orderId} and account_id = ${accountId} and renews_certificate_id is not null)`
  await lockNames(trx, ofRenewal('account_id'))
  await lockLineage(trx, accountId, ofRenewal('renews_certificate_id'))
  // No key update: what refers to the order is no change of it.
  const order = sql`select id from "order" where id = ${orderId} and account_id = ${accountId} for no key update`
  await writeLater(trx, order.compile(trx))
}
