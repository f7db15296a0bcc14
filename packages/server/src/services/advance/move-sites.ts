/**
 * Targets and endpoints that change their certificate: from the old one to its renewal, or back. Both timelines say so.
 *
 * @module
 */
import { sql } from 'kysely'
import type { SiteKeyKind } from '@evercert/pki/probe'
import { holdsPlace } from '../../db/endpoint-siblings.ts'
import { writeLater } from '../../db/later.ts'
import type { HistoryFacts, Trx } from '../../db/transition.ts'

export interface Move extends Omit<HistoryFacts, 'certificateId' | 'detail'> {
  /** The same as `to`: nothing moves, but a new issuance may have another kind of key than the one before. */
  readonly from: string
  readonly to: string
  /** The kind of key that `to` has. */
  readonly keyKind: SiteKeyKind | null
}

const TAKEN = ': another certificate holds it for this kind of key'

/**
 * An endpoint whose place another certificate holds for that kind of key goes: nobody could prove it. Such a key is refused when it is chosen, so that
 * happens only if the other one came in between.
 */
export async function moveSites(trx: Trx, { from, to, keyKind, accountId, actor, now }: Move): Promise<void> {
  const write = sql`
    with targets as (
      update target set certificate_id = ${to} where account_id = ${accountId} and certificate_id = ${from} and ${from} <> ${to}
      returning id, name
    ), concerned as (
      select e.id, e.certificate_id as was, ${holdsPlace(keyKind)} as taken from endpoint e
      where e.account_id = ${accountId} and e.certificate_id in (${from}, ${to})
    ), unseen as (
      delete from observation where account_id = ${accountId} and endpoint_id in (select id from concerned where taken)
    ), removed as (
      delete from endpoint where account_id = ${accountId} and id in (select id from concerned where taken) returning id, host, port
    ), endpoints as (
      update endpoint e set certificate_id = ${to}, key_kind = ${keyKind} from concerned b
      where e.id = b.id and not b.taken and (b.was <> ${to} or e.key_kind is distinct from ${keyKind})
      returning e.id, e.host, e.port, b.was
    ), moved as (
      select 'target' as subject, id, name as what from targets
      union all select 'endpoint', id, host || ':' || port from endpoints where was <> ${to}
    ), told as (
      select told.certificate_id, moved.subject, moved.id, told.to_state, moved.what || told.how as detail
      from moved, (values
        (${from}, 'handedOver', ${`, to ${to}`}),
        (${to}, 'takenOver', ${`, from ${from}`})) as told (certificate_id, to_state, how)
      union all select ${to}, 'endpoint', id, 'removed', host || ':' || port || ${TAKEN} from removed
    )
    insert into history (account_id, certificate_id, subject, subject_id, to_state, actor, detail, at)
    select ${accountId}, certificate_id, subject, id, to_state, ${actor}, detail, ${new Date(now)} from told
    order by subject desc, id, to_state`
  await writeLater(trx, write.compile(trx))
}
