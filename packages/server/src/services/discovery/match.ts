/**
 * Which certificate of the account a found site belongs to.
 *
 * @module
 */
import { isIP } from 'node:net'
import { sql } from 'kysely'
import { coversName, type HostVerification, type KeyKind } from '@evercert/pki/probe'
import type { Caller, Services } from '../context.ts'

export interface Match {
  readonly certificateId: string
  readonly by: 'sha256' | 'names'
  /** A name that the certificate covers. */
  readonly serverName: string
  /** Of what is served there; null: it is not served there. */
  readonly keyKind: KeyKind | null
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
  const { rows: held } = await sql<Held>`select certificate_id, host, port from endpoint where account_id = ${caller.accountId}
    and certificate_id = any(${rows.map(({ id }) => id)}::text[])`.execute(services.db)
  return sites.map((site) => matchOf(site, rows, held))
}

interface Held {
  readonly certificate_id: string
  readonly host: string
  readonly port: number
}

/** Of two that are served, one for each kind of key, first the one that has no endpoint there. */
function matchOf(site: HostVerification, rows: readonly Row[], held: readonly Held[]): Match | null {
  const leaves = leavesOf(site)
  const served = rows.filter((row) => leaves.some(({ sha256 }) => sha256 === row.sha256))
  const isHeld = ({ id }: Row): boolean =>
    held.some(({ certificate_id: by, host, port }) => by === id && host === site.host && port === site.port)
  const bySha256 = served.find((row) => !isHeld(row)) ?? served[0]
  const names = namesOf(site)
  if (bySha256 !== undefined) {
    const serverName = names.find((name) => coversName(bySha256.names, name)) ?? plainNameOf(bySha256.names) ?? site.host
    const keyKind = leaves.find(({ sha256 }) => sha256 === bySha256.sha256)?.keyKind ?? null
    return { certificateId: bySha256.id, by: 'sha256', serverName, keyKind }
  }
  for (const name of names) {
    const row = rows.find((each) => coversName(each.names, name))
    if (row !== undefined) return { certificateId: row.id, by: 'names', serverName: name, keyKind: null }
  }
  return null
}

function leavesOf({ addresses }: HostVerification) {
  return addresses.flatMap(({ observation, other }) => [
    ...(observation.reachable ? [observation.chain[0]] : []),
    ...(other === null ? [] : [other.observation.chain[0]]),
  ])
}

/** The name that was asked for; of an address, those of the certificate that it shows. */
function namesOf(site: HostVerification): readonly string[] {
  if (isIP(site.host) === 0) return [site.host]
  return leavesOf(site).flatMap(({ names }) => names.filter((name) => !name.startsWith('*.')).slice(0, 20))
}

function plainNameOf(names: readonly string[]): string | undefined {
  return names.find((name) => !name.startsWith('*.'))
}
