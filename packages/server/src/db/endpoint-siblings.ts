/**
 * Endpoints of one place (host, port and server name), held by two certificates: one for each kind of key. What is stored with an endpoint, the
 * kind that its certificate has, says which of the two it is about. Indexes see to it that there are no more.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { SiteKeyKind } from '@evercert/pki/probe'
import { SAME } from './same-account.ts'

const OTHER = { rsa: 'ecdsa', ecdsa: 'rsa' } as const

const SAME_PLACE = `s.account_id = e.account_id and s.host = e.host and s.port = e.port and s.server_name = e.server_name`

/** Of endpoint `s`: it has the place for this kind of key. As in the indexes, so that the planner finds them. */
const has = (kind: SiteKeyKind): string => `(s.key_kind is null or s.key_kind <> '${OTHER[kind]}')`

const besideOther = (kind: SiteKeyKind): string => `(e.key_kind = '${kind}' and exists (
    select from endpoint s join certificate c on c.id = s.certificate_id and c.account_id ${SAME} s.account_id
    where ${SAME_PLACE} and s.key_kind = '${OTHER[kind]}' and c.closed_as is null and c.revoked_at is null))`

/**
 * Of endpoint `e`: the kind of key that alone is its matter, since another certificate that is in use has the same place for the other kind.
 * Null: all that is served there is its matter.
 */
export const OWN_KIND: RawBuilder<SiteKeyKind | null> = sql.raw(
  `case when ${besideOther('rsa')} or ${besideOther('ecdsa')} then e.key_kind end`,
)

/** Whether its place is another endpoint's, if the key of endpoint `e` becomes of this kind. */
export function holdsPlace(kind: SiteKeyKind | null): RawBuilder<boolean> {
  const wanted = kind === null ? (['rsa', 'ecdsa'] as const) : [kind]
  const taken = wanted.map((each) => `exists (select from endpoint s where ${SAME_PLACE} and s.id <> e.id and ${has(each)})`)
  return sql.raw(`(${taken.join(' or ')})`)
}

/** Of endpoint `e`. Always true: the planner finds the indexes by it where only a place is asked for. */
export const OF_ANY_KIND: RawBuilder<boolean> = sql.raw(`(e.key_kind is null or e.key_kind <> 'rsa' or e.key_kind <> 'ecdsa')`)
