/**
 * Which certificates are asked about: those that an account holds, strangers that its endpoints show, and the intermediates above both.
 *
 * @module
 */
import { sql } from 'kysely'
import { parsePem, PkiError } from '@evercert/pki'
import { DerError } from '@evercert/pki/der-reader'
import { isIssuedByDer, readRevocationSources, serialHexOf } from '@evercert/pki/revocation'
import type { HostVerification, ServedObservation } from '@evercert/pki/probe'
import type { Trx } from '../../db/transition.ts'
import type { Services } from '../context.ts'
import { followChains, intermediateRows, type FollowedChain, type IssuerRow, type NotedChain } from './issuer-rows.ts'

/** Few: a transaction holds the embedded database, and after an upgrade everything is noted anew. */
export const NOTED_AT_ONCE = 50

interface NewIssuance {
  readonly id: string
  readonly account_id: string
  readonly sha256: string
  readonly chain_pem: string
  readonly not_after: Date
}

/**
 * Notes issuances that came since the last round, whoever brought them, and what is above them. One that cannot be read is logged, once, and holds
 * up no other.
 *
 * @returns how many; a whole batch: there may be more
 */
export async function noteIssuances(services: Services): Promise<number> {
  const now = services.now()
  return services.db.transaction().execute(async (trx) => {
    const { rows } = await sql<NewIssuance>`
      select id, account_id, sha256, chain_pem, not_after from issuance where not revocation_noted
      order by id limit ${NOTED_AT_ONCE} for update skip locked`.execute(trx)
    if (rows.length === 0) return 0
    const lasting = rows
      .filter((row) => row.not_after.getTime() > now)
      .flatMap((row) => {
        const chain = readOrLog(services, row)
        if (chain === null) return []
        const { account_id, sha256, not_after } = row
        return [{ account_id, sha256, not_after, seen_at: null, chain }]
      })
    const followed = await followChains(lasting)
    await insertRows(trx, lasting, await intermediateRows(trx, followed, now), now)
    await markNoted(trx, rows, followed)
    return rows.length
  })
}

/** DER, leaf first. */
function readOrLog(services: Services, { id, account_id: accountId, chain_pem: chainPem }: NewIssuance) {
  try {
    return parsePem(chainPem).map(({ der }) => der)
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    services.log.error({ event: 'revocation.notReadable', accountId, issuanceId: id, error })
    return null
  }
}

async function markNoted(trx: Trx, rows: readonly NewIssuance[], followed: readonly FollowedChain[]): Promise<void> {
  const above = new Map(followed.map((one) => [`${one.account_id} ${one.sha256}`, one.above.map(({ sha256 }) => sha256)]))
  const noted = rows.map(({ id, account_id, sha256 }) => ({ id, above: above.get(`${account_id} ${sha256}`) ?? [] }))
  await sql`update issuance i set revocation_noted = true, intermediates_sha256 = s.above
    from jsonb_to_recordset(${JSON.stringify(noted)}::jsonb) as s (id text, above text[]) where i.id = s.id`.execute(trx)
}

/** What an endpoint showed, and what was expected there. */
export interface Shown {
  readonly expectation: {
    readonly accountId: string
    readonly expected: { readonly sha256?: string; readonly intermediatesSha256?: readonly string[] }
  }
  readonly verification: HostVerification
}

/** Notes what endpoints show that nobody expected there, be it only above what was, and that they still do. */
export async function noteStrangers(services: Services, trx: Trx, proofs: readonly Shown[]): Promise<void> {
  if (services.probing.revocationIntervalMs === null) return
  const now = services.now()
  const found = new Map<string, NotedChain>()
  const chains = new Map<string, NotedChain>()
  for (const { expectation, verification } of proofs) {
    for (const observation of observationsOf(verification)) {
      const [{ sha256, notAfter }, ...above] = observation.chain
      const { expected, accountId } = expectation
      const isExpected = sha256 === expected.sha256
      const isKnown = isExpected && above.every((one) => expected.intermediatesSha256?.includes(one.sha256) === true)
      if (isKnown || !(notAfter > now)) continue
      const noted = {
        account_id: accountId,
        sha256,
        chain: observation.chain.flatMap(({ pem }) => parsePem(pem).map(({ der }) => der)),
        not_after: new Date(Math.min(notAfter, MAX_INSTANT)),
        seen_at: new Date(now),
      }
      if (!isExpected) found.set(`${accountId} ${sha256}`, noted)
      if (above.length > 0) chains.set([accountId, ...observation.chain.map((one) => one.sha256)].join(' '), noted)
    }
  }
  const followed = await followChains([...chains.values()])
  await insertRows(trx, [...found.values()], await intermediateRows(trx, followed, now), now)
}

/** The year 9999, which databases take: a stranger may write any other. */
const MAX_INSTANT = 253_402_300_799_000

export function observationsOf({ addresses }: HostVerification): readonly ServedObservation[] {
  return addresses.flatMap(({ observation, other }) => [
    ...(observation.reachable ? [observation] : []),
    ...(other === null ? [] : [other.observation]),
  ])
}

/** Those that are there already stay; that an endpoint shows them is told anew. One that is noted as a leaf and as an issuer is both. */
async function insertRows(trx: Trx, leaves: readonly NotedChain[], issuers: readonly IssuerRow[], now: number): Promise<void> {
  const rows = new Map<string, IssuerRow>()
  for (const row of [...leaves.map((leaf) => ({ ...leaf, is_issuer: false })), ...issuers])
    rows.set(`${row.account_id} ${row.sha256}`, row)
  const inOrder = [...rows.values()].toSorted(
    (one, other) => compare(one.account_id, other.account_id) || compare(one.sha256, other.sha256),
  )
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
        seen_at: sql`case when not excluded.is_issuer then coalesce(excluded.seen_at, revocation_check.seen_at)
          when revocation_check.seen_at is not null then excluded.seen_at end`,
        not_after: sql`case when excluded.is_issuer then greatest(revocation_check.not_after, excluded.not_after)
          else revocation_check.not_after end`,
        is_issuer: sql`revocation_check.is_issuer or excluded.is_issuer`,
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
