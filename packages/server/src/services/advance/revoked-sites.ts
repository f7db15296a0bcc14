/**
 * Tells those who look at a probe that a site serves a certificate which its CA revoked: the handshake alone does not.
 *
 * @module
 */
import {
  isInOrder,
  judge,
  type AddressVerification,
  type Expectation,
  type HostVerification,
  type RevokedFacts,
} from '@evercert/pki/probe'
import type { Services } from '../context.ts'
import { findRevokedByCa } from '../revocation-checks/find-revoked.ts'
import { readStaples } from '../revocation-checks/staples.ts'

type Result = { readonly verification: HostVerification }

/** Results with the verdict `revoked` wherever a revoked certificate is served: by the account's own word, its CA's, or the server's own. */
export async function findRevokedSites<Each extends Result>(
  services: Services,
  { accountId, closed }: { readonly accountId: string; readonly closed: boolean },
  results: readonly Each[],
): Promise<readonly Each[]> {
  const shown = new Set(results.flatMap(({ verification }) => verification.addresses.flatMap(leavesOf)))
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
  return results.map((result) => ({
    ...result,
    verification: judgeAgain(result.verification, { revokedSha256, revocations }, now),
  }))
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

type Known = Required<Pick<Expectation, 'revokedSha256' | 'revocations'>>

function judgeAgain(verification: HostVerification, known: Known, now: number): HostVerification {
  const { serverName } = verification
  const isRevoked = (sha256: string): boolean => known.revokedSha256.includes(sha256)
  const addresses = verification.addresses.map((address): AddressVerification => {
    const { observation, other } = address
    const first =
      observation.reachable && isRevoked(observation.chain[0].sha256) ? judge(observation, { serverName, ...known }, now) : {}
    const second =
      other !== null && isRevoked(other.observation.chain[0].sha256)
        ? { other: { ...other, ...judge(other.observation, { serverName, ...known }, now) } }
        : {}
    return { ...address, ...first, ...second }
  })
  return { ...verification, addresses, ok: verification.ok && addresses.every(isInOrder) }
}
