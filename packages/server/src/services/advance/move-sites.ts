/**
 * Targets and endpoints that change their certificate: from the old one to its renewal, or back. Both timelines say so.
 *
 * @module
 */
import { sql } from 'kysely'
import { writeLater } from '../../db/later.ts'
import type { HistoryFacts, Trx } from '../../db/transition.ts'

export interface Move extends Omit<HistoryFacts, 'certificateId' | 'detail'> {
  readonly from: string
  readonly to: string
}

export async function moveSites(trx: Trx, { from, to, accountId, actor, now }: Move): Promise<void> {
  const write = sql`
    with targets as (
      update target set certificate_id = ${to} where account_id = ${accountId} and certificate_id = ${from} returning id, name
    ), endpoints as (
      update endpoint set certificate_id = ${to} where account_id = ${accountId} and certificate_id = ${from} returning id, host, port
    ), moved as (
      select 'target' as subject, id, name as what from targets
      union all select 'endpoint', id, host || ':' || port from endpoints
    )
    insert into history (account_id, certificate_id, subject, subject_id, to_state, actor, detail, at)
    select ${accountId}, told.certificate_id, moved.subject, moved.id, told.to_state, ${actor}, moved.what || told.how, ${new Date(now)}
    from moved, (values
      (${from}, 'handedOver', ${`, to ${to}`}),
      (${to}, 'takenOver', ${`, from ${from}`})) as told (certificate_id, to_state, how)
    order by moved.subject desc, moved.id, told.to_state`
  await writeLater(trx, write.compile(trx))
}
