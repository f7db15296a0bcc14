/**
 * Tells those who look at a probe that a site serves a certificate which its CA revoked: the handshake alone does not.
 *
 * @module
 */
import { judge, type HostVerification } from '@evercert/pki/probe'
import type { Services } from '../context.ts'

/** Results with the verdict `revoked` wherever a revoked certificate of the account is served. Asks nothing while all is in order. */
export async function findRevokedSites<Result extends { readonly verification: HostVerification }>(
  services: Services,
  { accountId, closed }: { readonly accountId: string; readonly closed: boolean },
  results: readonly Result[],
): Promise<readonly Result[]> {
  const suspects = results.flatMap(({ verification }) =>
    verification.addresses.flatMap(({ verdict, observation }) =>
      observation.reachable && (closed || verdict !== 'served') ? [observation.chain[0].sha256] : [],
    ),
  )
  if (suspects.length === 0) return results
  const rows = await services.db
    .selectFrom('issuance')
    .innerJoin('certificate', 'certificate.id', 'issuance.certificate_id')
    .select('issuance.sha256')
    .where('issuance.account_id', '=', accountId)
    .where('issuance.sha256', 'in', [...new Set(suspects)])
    .where('certificate.revoked_at', 'is not', null)
    .execute()
  if (rows.length === 0) return results
  const revokedSha256 = rows.map(({ sha256 }) => sha256)
  return results.map((result) => ({ ...result, verification: judgeAgain(result.verification, revokedSha256, services.now()) }))
}

function judgeAgain(verification: HostVerification, revokedSha256: readonly string[], now: number): HostVerification {
  const { serverName } = verification
  const addresses = verification.addresses.map((address) => {
    const { observation } = address
    const isRevoked = observation.reachable && revokedSha256.includes(observation.chain[0].sha256)
    return isRevoked ? { ...address, ...judge(observation, { serverName, revokedSha256 }, now) } : address
  })
  return { ...verification, addresses, ok: verification.ok && addresses.every(({ verdict }) => verdict === 'served') }
}
