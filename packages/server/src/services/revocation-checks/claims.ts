/**
 * Checks that are due: claimed by one node, and given back when its time was too short.
 *
 * @module
 */
import { sql } from 'kysely'
import { MINUTE_MS } from '../../domain/time.ts'
import type { Services } from '../context.ts'

const CLAIM_AT_ONCE = 500
/** More than twice as long as a round takes, the last request of each place included. */
const CLAIM_MS = 10 * MINUTE_MS
/** What was given back comes after whatever is due by then: a place that is slow holds up nobody else. */
const AGAIN_MS = MINUTE_MS

export interface ClaimedCheck {
  readonly account_id: string
  readonly sha256: string
  readonly serial: string
  readonly leaf_der: Uint8Array
  readonly issuer_der: Uint8Array | null
  readonly method: 'crl' | 'ocsp'
  readonly urls: readonly string[]
  readonly url: string
  readonly failures: number
  /** Of the answer that is believed. */
  readonly this_update: Date | null
}

export interface Claim {
  readonly checks: readonly ClaimedCheck[]
  readonly until: Date
}

/** By compare-and-set: of two nodes each gets others. */
export async function claimChecks(services: Services): Promise<Claim> {
  const now = services.now()
  const until = new Date(now + CLAIM_MS)
  const due = await sql`select 1 from revocation_check where next_at <= ${new Date(now)} order by next_at limit 1`.execute(
    services.db,
  )
  if (due.rows.length === 0) return { checks: [], until }
  const { rows } = await sql<ClaimedCheck>`
    with due as (select account_id, sha256 from revocation_check where next_at <= ${new Date(now)}
      order by next_at limit ${CLAIM_AT_ONCE} for update skip locked)
    update revocation_check r set next_at = ${until} from due
    where r.account_id = due.account_id and r.sha256 = due.sha256
    returning r.account_id, r.sha256, r.serial, r.leaf_der, r.issuer_der, r.method, r.urls, r.url, r.failures, r.this_update`.execute(
    services.db,
  )
  return { checks: rows, until }
}

/** Those that were not come to. */
export async function releaseChecks(services: Services, checks: readonly ClaimedCheck[], until: Date): Promise<void> {
  if (checks.length === 0) return
  const accounts = checks.map((check) => check.account_id)
  const sha256 = checks.map((check) => check.sha256)
  await sql`update revocation_check r set next_at = ${new Date(services.now() + AGAIN_MS)}
    from unnest(${accounts}::text[], ${sha256}::text[]) as s (account_id, sha256)
    where r.account_id = s.account_id and r.sha256 = s.sha256 and r.next_at = ${until}`.execute(services.db)
}
