/**
 * What was served before the certificate that is proved now, for its receipt.
 *
 * @module
 */
import type { ReceiptClaims } from '@evercert/contract'
import { sql } from 'kysely'
import type { Trx } from '../../db/transition.ts'
import { OWN_KIND } from '../../db/endpoint-siblings.ts'
import type { EndpointProof } from '../probing/record.ts'

type Replaced = ReceiptClaims['replaces']

/**
 * What was seen: by its deployments before they touched anything, else at the last look at the endpoints, else at their last proof. Only what nobody
 * looked at is taken from the records. To be asked before the new observations are stored.
 */
export async function findServedBefore(trx: Trx, proofs: readonly EndpointProof[]): Promise<Replaced> {
  const [first] = proofs
  if (first === undefined) return null
  const { accountId, issuanceId, expected } = first.expectation
  const ids = proofs.map(({ endpoint }) => endpoint.id)
  // What another certificate has beside it for the other kind of key was not replaced.
  const kind = sql`(select ${OWN_KIND} from endpoint e where e.account_id = ${accountId} and e.id = any(${ids}::text[])
    order by 1 nulls last limit 1)`
  const { rows: sightings } = await sql<{ sha256: string }>`
    select s ->> 'sha256' as sha256 from deployment d cross join lateral jsonb_array_elements(d.baseline -> 'sightings') s
    where d.account_id = ${accountId} and d.issuance_id = ${issuanceId} and d.baseline is not null and s ->> 'sha256' is not null
      and coalesce(s ->> 'keyKind' = ${kind}, true)
    order by d.id`.execute(trx)
  const { rows: observations } = await sql<{ sha256: string }>`
    select sha256 from observation where account_id = ${accountId} and endpoint_id = any(${ids}::text[]) and sha256 is not null
      and coalesce(key_kind = ${kind}, true)
    order by endpoint_id, address`.execute(trx)
  const proved = proofs.flatMap(({ endpoint }) => endpoint.provedSha256 ?? [])
  const seen = [sightings.map(({ sha256 }) => sha256), observations.map(({ sha256 }) => sha256), proved]
  for (const found of seen) {
    const [sha256, ...others] = byFrequency(found.filter((one) => one !== expected.sha256))
    if (sha256 !== undefined) return { sha256, basis: 'observed', ...(others.length > 0 && { others }) }
  }
  const recorded = expected.previousSha256 ?? null
  return recorded === null ? null : { sha256: recorded, basis: 'recorded' }
}

/** Each once; the most frequent first. */
function byFrequency(found: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) + 1)
  return [...counts].toSorted(([, one], [, other]) => other - one).map(([sha256]) => sha256)
}
