/**
 * Endpoints that were last seen to show a revoked certificate say so at once, before they are probed again.
 *
 * @module
 */
import { sql } from 'kysely'
import { explainRevoked, type RevokedFacts } from '@evercert/pki/probe'
import type { Trx } from '../../db/transition.ts'

export interface RevokedCertificate extends Omit<RevokedFacts, 'at'> {
  readonly accountId: string
  readonly sha256: string
  /** Epoch milliseconds. */
  readonly revokedAt: number
  readonly url: string | null
}

/** Locked in the order of those who store what was probed: certificates, endpoints, and only then what is noted of strangers. */
export async function lockSites(trx: Trx, accountId: string, sha256: string): Promise<void> {
  const shown = sql`select e.id, e.certificate_id from endpoint e where e.account_id = ${accountId} and exists (select from observation o
    where o.account_id = e.account_id and o.endpoint_id = e.id and (o.sha256 = ${sha256} or o.other ->> 'sha256' = ${sha256}))`
  await sql`select id from certificate where account_id = ${accountId} and id in (select certificate_id from (${shown}) as e)
    order by id for no key update`.execute(trx)
  await sql`select id from endpoint where account_id = ${accountId} and id in (select id from (${shown}) as e) order by id for update`.execute(
    trx,
  )
}

/** @returns the certificates of those endpoints, each once, with one place that shows it */
export async function markSites(
  trx: Trx,
  { accountId, sha256, revokedAt, reason, source, url }: RevokedCertificate,
): Promise<readonly { readonly certificateId: string; readonly place: string }[]> {
  const { cause, remedy } = explainRevoked(null, sha256, { at: revokedAt, reason, source, url })
  const words = { verdict: 'revoked', cause, remedy }
  await sql`update observation set verdict = 'revoked', cause = ${JSON.stringify(cause)}::jsonb, remedy = ${JSON.stringify(remedy)}::jsonb
    where account_id = ${accountId} and sha256 = ${sha256}`.execute(trx)
  await sql`update observation set other = other || ${JSON.stringify(words)}::jsonb
    where account_id = ${accountId} and other ->> 'sha256' = ${sha256}`.execute(trx)
  const { rows } = await sql<{ certificate_id: string; place: string }>`
    update endpoint e set verdict = 'revoked' where e.account_id = ${accountId} and exists (select from observation o
      where o.account_id = e.account_id and o.endpoint_id = e.id and (o.sha256 = ${sha256} or o.other ->> 'sha256' = ${sha256}))
    returning e.certificate_id, e.host || ':' || e.port as place`.execute(trx)
  const places = new Map(rows.map((row) => [row.certificate_id, row.place]))
  return [...places].map(([certificateId, place]) => ({ certificateId, place }))
}
