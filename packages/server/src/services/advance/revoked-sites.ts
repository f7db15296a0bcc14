/**
 * Tells those who look at a probe that a site serves a certificate which its CA revoked: the handshake alone does not.
 *
 * @module
 */
import {
  isInOrder,
  judge,
  type AddressVerification,
  type HostVerification,
  type Judgement,
  type RevokedFacts,
  type ServedObservation,
} from '@evercert/pki/probe'
import type { Services } from '../context.ts'
import { findRevokedByCa } from '../revocation-checks/find-revoked.ts'
import { observationsOf } from '../revocation-checks/note.ts'
import { revokedAbove, type RevokedIssuer } from '../revocation-checks/revoked-issuers.ts'
import { readStaples } from '../revocation-checks/staples.ts'

interface Result {
  readonly verification: HostVerification
  readonly revokedIssuers?: readonly RevokedIssuer[]
}

/**
 * Results with the verdict `revoked` wherever a revoked certificate is served, or one under a revoked intermediate: by the account's own word, its
 * CA's, or the server's own.
 */
export async function findRevokedSites<Each extends Result>(
  services: Services,
  { accountId, closed }: { readonly accountId: string; readonly closed: boolean },
  results: readonly Each[],
): Promise<readonly Each[]> {
  const shown = new Set(
    results.flatMap(({ verification }) => observationsOf(verification).flatMap(({ chain }) => chain.map(({ sha256 }) => sha256))),
  )
  if (shown.size === 0) return results
  const stapled = await readStaples(services, accountId, results)
  const [own, byCa] = await Promise.all([
    findRevokedHere(services, accountId, suspectsAmong(results, closed)),
    findRevokedByCa(services, accountId, [...shown]),
  ])
  const revocations = new Map<string, RevokedFacts>([...byCa, ...stapled])
  const revokedSha256 = [...new Set([...own, ...revocations.keys()])]
  if (revokedSha256.length === 0) return results
  const now = services.now()
  return results.map((result) => {
    const above = observationsOf(result.verification).flatMap((seen) => revokedAbove(seen, byCa) ?? [])
    const revokedIssuers = [...new Map(above.map((issuer) => [issuer.sha256, issuer])).values()]
    const issuers = revokedIssuers.map(({ sha256 }) => sha256)
    return {
      ...result,
      ...(revokedIssuers.length > 0 && { revokedIssuers }),
      verification: judgeAgain(result.verification, { leaves: revokedSha256, issuers, revocations }, now),
    }
  })
}

function leavesOf({ observation, other }: AddressVerification): readonly string[] {
  return [
    ...(observation.reachable ? [observation.chain[0].sha256] : []),
    ...(other === null ? [] : [other.observation.chain[0].sha256]),
  ]
}

/** While a certificate has not ended, what serves it is in order as far as is known here. */
function suspectsAmong(results: readonly Result[], closed: boolean): readonly string[] {
  const addresses = results.flatMap(({ verification }) => verification.addresses)
  return [...new Set(addresses.filter((address) => closed || !isInOrder(address)).flatMap(leavesOf))]
}

async function findRevokedHere(services: Services, accountId: string, sha256: readonly string[]): Promise<readonly string[]> {
  if (sha256.length === 0) return []
  const rows = await services.db
    .selectFrom('issuance')
    .innerJoin('certificate', 'certificate.id', 'issuance.certificate_id')
    .select('issuance.sha256')
    .where('issuance.account_id', '=', accountId)
    .where('issuance.sha256', 'in', [...sha256])
    .where('certificate.revoked_at', 'is not', null)
    .execute()
  return rows.map((row) => row.sha256)
}

interface Known {
  readonly leaves: readonly string[]
  /** Above what is served here. */
  readonly issuers: readonly string[]
  readonly revocations: ReadonlyMap<string, RevokedFacts>
}

function judgeAgain(verification: HostVerification, { leaves, issuers, revocations }: Known, now: number): HostVerification {
  const { serverName } = verification
  const again = (observation: ServedObservation): Partial<Judgement> => {
    const [leaf] = observation.chain
    const revokedSha256 = leaves.includes(leaf.sha256) ? [leaf.sha256] : issuers
    if (revokedSha256.length === 0) return {}
    const judgement = judge(observation, { serverName, revokedSha256, revocations }, now)
    return judgement.verdict === 'revoked' ? judgement : {} // nothing else is asked here
  }
  const addresses = verification.addresses.map((address): AddressVerification => {
    const { observation, other } = address
    const first = observation.reachable ? again(observation) : {}
    return { ...address, ...first, other: other === null ? null : { ...other, ...again(other.observation) } }
  })
  return { ...verification, addresses, ok: verification.ok && addresses.every(isInOrder) }
}
