/**
 * Which deployments are proved when every endpoint serves the new certificate: those of which the endpoints tell something.
 *
 * @module
 */
import type { Services } from '../context.ts'
import type { EndpointProof } from '../probing/record.ts'
import { isNameOf, nameServed } from '../served-name.ts'
import type { Work } from './facts.ts'

/**
 * A target with an address of its own is proved there alone, and one that serves a single name only by an endpoint of that name. The renewal ends without
 * them.
 *
 * @returns ids of deployments
 */
export async function findProvable(
  services: Services,
  work: Work,
  results: readonly EndpointProof[],
): Promise<ReadonlySet<string>> {
  const rows = await services.db
    .selectFrom('deployment')
    .innerJoin('target', 'target.id', 'deployment.target_id')
    .select(['deployment.id', 'target.kind', 'target.config_secret_id'])
    .where('deployment.account_id', '=', work.accountId)
    .where('deployment.issuance_id', '=', work.issuanceId)
    .where('deployment.state', '=', 'applied')
    .where('target.probe_host', 'is', null)
    .execute()
  const provable = new Set<string>()
  for (const { id, kind, config_secret_id: secretId } of rows) {
    const name = await nameServed(services, kind, secretId)
    if (name === null || results.some((result) => isOf(name, result))) provable.add(id)
  }
  return provable
}

function isOf(name: string, { verification: { host, serverName } }: EndpointProof): boolean {
  return [host, serverName].some((one) => isNameOf(name, one))
}
