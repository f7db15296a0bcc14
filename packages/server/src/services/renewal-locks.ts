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
  const names = sql`select id from account where id = ${accountId} and exists (select from "order"
    where id = ${orderId} and account_id = ${accountId} and renews_certificate_id is not null) for no key update`
  const lineage = sql`select pg_advisory_xact_lock(hashtextextended(old.lineage_id, 0))::text
    from "order" join certificate old on old.id = "order".renews_certificate_id and old.account_id = "order".account_id
    where "order".id = ${orderId} and "order".account_id = ${accountId}`
  // No key update: what refers to the order is no change of it.
  const order = sql`select id from "order" where id = ${orderId} and account_id = ${accountId} for no key update`
  for (const lock of [names, lineage, order]) await writeLater(trx, lock.compile(trx))
}
