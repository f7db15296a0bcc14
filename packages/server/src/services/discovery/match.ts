/**
 * Which certificate of the account a found site belongs to.
 *
 * @module
 */
import { isIP } from 'node:net'
import { sql } from 'kysely'
import { coversName, type HostVerification } from '@evercert/pki/probe'
import type { Caller, Services } from '../context.ts'

export interface Match {
  readonly certificateId: string
  readonly by: 'sha256' | 'names'
  /** A name that the certificate covers. */
  readonly serverName: string
}

interface Row {
  readonly id: string
  readonly sha256: string
  readonly names: readonly string[]
}

/** By what is served there, else by the names; of several the one that ends last. In the order of the sites, null without a match. */
export async function findMatches(
  services: Services,
  caller: Caller,
  sites: readonly HostVerification[],
): Promise<readonly (Match | null)[]> {
  const leaves = sites.flatMap(leavesOf)
  const names = sites.flatMap(namesOf)
  const wanted = [...new Set(names.flatMap((name) => [name, `*.${name.replace(/^[^.]+\./, '')}`]))]
  const { rows } = await sql<Row>`select c.id, i.sha256, i.names
    from certificate c join issuance i on i.id = c.issuance_id and i.account_id = c.account_id
    where c.account_id = ${caller.accountId} and c.closed_as is null and c.revoked_at is null
      and (i.sha256 = any(${leaves.map(({ sha256 }) => sha256)}::text[]) or i.names && ${wanted}::text[])
    order by i.not_after desc limit 5000`.execute(services.db)
  return sites.map((site) => matchOf(site, rows))
}

function matchOf(site: HostVerification, rows: readonly Row[]): Match | null {
  const served = leavesOf(site).map(({ sha256 }) => sha256)
  const bySha256 = rows.find(({ sha256 }) => served.includes(sha256))
  const names = namesOf(site)
  if (bySha256 !== undefined) {
    const serverName = names.find((name) => coversName(bySha256.names, name)) ?? plainNameOf(bySha256.names) ?? site.host
    return { certificateId: bySha256.id, by: 'sha256', serverName }
  }
  for (const name of names) {
    const row = rows.find((each) => coversName(each.names, name))
    if (row !== undefined) return { certificateId: row.id, by: 'names', serverName: name }
  }
  return null
}

function leavesOf({ addresses }: HostVerification) {
  return addresses.flatMap(({ observation }) => (observation.reachable ? [observation.chain[0]] : []))
}

/** The name that was asked for; of an address, those of the certificate that it shows. */
function namesOf(site: HostVerification): readonly string[] {
  if (isIP(site.host) === 0) return [site.host]
  return leavesOf(site).flatMap(({ names }) => names.filter((name) => !name.startsWith('*.')).slice(0, 20))
}

function plainNameOf(names: readonly string[]): string | undefined {
  return names.find((name) => !name.startsWith('*.'))
}
