/**
 * Which certificates are asked about: those that an account holds, and strangers that its endpoints show.
 *
 * @module
 */
import { sql } from 'kysely'
import { parsePem } from '@evercert/pki'
import { DerError } from '@evercert/pki/der-reader'
import { isIssuedByDer, readRevocationSources, serialHexOf } from '@evercert/pki/revocation'
import type { HostVerification, ServedObservation } from '@evercert/pki/probe'
import type { Trx } from '../../db/transition.ts'
import type { Services } from '../context.ts'

const MAX_PER_ROUND = 200

interface NewRow {
  readonly account_id: string
  readonly sha256: string
  /** Leaf first. */
  readonly chain: readonly Uint8Array[]
  readonly not_after: Date
  readonly seen_at: Date | null
}

/** Notes issuances that came since the last round, whoever brought them. @returns how many; {@link MAX_PER_ROUND}: there may be more */
export async function noteIssuances(services: Services): Promise<number> {
  const now = services.now()
  return services.db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: string; account_id: string; sha256: string; chain_pem: string; not_after: Date }>`
      select id, account_id, sha256, chain_pem, not_after from issuance where not revocation_noted
      order by id limit ${MAX_PER_ROUND} for update skip locked`.execute(trx)
    if (rows.length === 0) return 0
    const lasting = rows.filter((row) => row.not_after.getTime() > now)
    await insertRows(
      trx,
      lasting.map(({ account_id, sha256, not_after, chain_pem: chainPem }) => ({
        account_id,
        sha256,
        not_after,
        seen_at: null,
        chain: parsePem(chainPem).map(({ der }) => der),
      })),
      now,
    )
    await sql`update issuance set revocation_noted = true where id = any(${rows.map(({ id }) => id)}::text[])`.execute(trx)
    return rows.length
  })
}

/** What an endpoint showed, and what was expected there. */
export interface Shown {
  readonly expectation: { readonly accountId: string; readonly expected: { readonly sha256?: string } }
  readonly verification: HostVerification
}

/** Notes what endpoints show that nobody expected there, and that they still do. */
export async function noteStrangers(services: Services, trx: Trx, proofs: readonly Shown[]): Promise<void> {
  if (services.probing.revocationIntervalMs === null) return
  const now = services.now()
  const found = new Map<string, NewRow>()
  for (const { expectation, verification } of proofs) {
    for (const observation of observationsOf(verification)) {
      const [{ sha256, notAfter }] = observation.chain
      if (sha256 === expectation.expected.sha256 || !(notAfter > now)) continue
      found.set(`${expectation.accountId} ${sha256}`, {
        account_id: expectation.accountId,
        sha256,
        chain: observation.chain.flatMap(({ pem }) => parsePem(pem).map(({ der }) => der)),
        not_after: new Date(Math.min(notAfter, MAX_INSTANT)),
        seen_at: new Date(now),
      })
    }
  }
  await insertRows(trx, [...found.values()], now)
}

/** The year 9999, which databases take: a stranger may write any other. */
const MAX_INSTANT = 253_402_300_799_000

export function observationsOf({ addresses }: HostVerification): readonly ServedObservation[] {
  return addresses.flatMap(({ observation, other }) => [
    ...(observation.reachable ? [observation] : []),
    ...(other === null ? [] : [other.observation]),
  ])
}

/** Those that are there already stay; that an endpoint shows them is told anew. */
async function insertRows(trx: Trx, rows: readonly NewRow[], now: number): Promise<void> {
  const inOrder = rows.toSorted((one, other) => compare(one.account_id, other.account_id) || compare(one.sha256, other.sha256))
  const values = inOrder.flatMap(({ chain, ...row }) => {
    const [leaf, ...above] = chain
    if (leaf === undefined) return []
    const serial = readSerial(leaf)
    return serial === null ? [] : [{ ...row, serial, ...describe(leaf, above, now) }]
  })
  if (values.length === 0) return
  await trx
    .insertInto('revocation_check')
    .values(values)
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'sha256']).doUpdateSet({
        seen_at: (builder) => builder.fn.coalesce('excluded.seen_at', 'revocation_check.seen_at'),
        issuer_der: (builder) => builder.fn.coalesce('revocation_check.issuer_der', 'excluded.issuer_der'),
      }),
    )
    .execute()
}

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

/** Null: OpenSSL takes it and nobody can ask about it; the verdict on who serves it says so. */
function readSerial(leaf: Uint8Array): string | null {
  try {
    return serialHexOf(leaf)
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}

/** CRLs first: public CAs must have them, and many have ended OCSP. */
function describe(leaf: Uint8Array, above: readonly Uint8Array[], now: number) {
  const { crlUrls, ocspUrls } = readRevocationSources(leaf)
  const method = crlUrls.length > 0 ? ('crl' as const) : ocspUrls.length > 0 ? ('ocsp' as const) : ('none' as const)
  const urls = method === 'crl' ? crlUrls : ocspUrls
  return {
    leaf_der: leaf,
    issuer_der: above.find((one) => isIssuedByDer(leaf, one)) ?? null,
    method,
    urls: [...urls],
    url: urls[0] ?? null,
    state: 'unknown' as const,
    problem_code: method === 'none' ? ('noAddress' as const) : ('notAskedYet' as const),
    problem: null,
    source: null,
    checked_at: null,
    this_update: null,
    next_update: null,
    revoked_at: null,
    reason: null,
    told_at: null,
    acted_at: null,
    next_at: method === 'none' ? null : new Date(now),
  }
}

/** Those that ended, and strangers that no endpoint shows any more. */
export async function forgetRevocationChecks(services: Services): Promise<void> {
  const now = services.now()
  await sql`delete from revocation_check r where r.not_after < ${new Date(now - KEEP_ENDED_MS)}
    or (r.seen_at < ${new Date(now - KEEP_STRANGERS_MS)}
      and not exists (select from issuance i where i.account_id = r.account_id and i.sha256 = r.sha256))`.execute(services.db)
}

const KEEP_ENDED_MS = 86_400_000
const KEEP_STRANGERS_MS = 7 * 86_400_000
