/**
 * Looking at the sites of one deployment, before it and after: the evidence that it is judged by.
 *
 * @module
 */
import { isIP } from 'node:net'
import { parseChain } from '@evercert/pki'
import { coversName, judge, verifyHost, type AddressVerification, type Observation, type SiteKeyKind } from '@evercert/pki/probe'
import type { Sighting, Site } from '../../domain/deployment/judge-deployment.ts'
import { siteKeyKind } from '../../domain/endpoint/site-key-kind.ts'
import { AppError } from '../../domain/errors.ts'
import { trustedRoots } from '../catalogue.ts'
import type { Services } from '../context.ts'
import type { DeploymentWork } from './deployment-record.ts'
import type { Work } from './facts.ts'

/** More would cost more than they tell; all of them are proved afterwards. */
const MAX_ENDPOINTS = 20
const CONCURRENCY = 8
const TIMEOUT_MS = 4_000

/** The target's own address, else the endpoints of the certificate. */
export async function loadSites(services: Services, work: Work, { probe }: DeploymentWork): Promise<readonly Site[]> {
  const own: Site[] = probe === null ? [] : [{ ...probe, isOwn: true }]
  const endpoints = await services.db
    .selectFrom('endpoint')
    .select(['host', 'port', 'server_name', 'protocol'])
    .where('account_id', '=', work.accountId)
    .where('certificate_id', '=', work.certificateId)
    .orderBy('id')
    .limit(MAX_ENDPOINTS)
    .execute()
  const shared = endpoints.map((row): Site => ({
    host: row.host,
    port: row.port,
    serverName: row.server_name,
    protocol: row.protocol,
    isOwn: false,
  }))
  return [...own, ...shared]
}

/** One sighting for each address that may be dialled; sites without one are left out. */
export async function lookAt(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  sites: readonly Site[],
): Promise<readonly Sighting[]> {
  const roots = deployment.issuerId === null ? [] : await trustedRoots(services, deployment.issuerId)
  const [leaf, ...above] = parseChain(deployment.chainPem)
  const kind = leaf === undefined ? null : siteKeyKind(leaf.algorithm)
  const wanted = above
    .filter(({ subject, issuer }) => subject !== issuer) // a root in the chain need not be sent (RFC 8446 §4.4.2)
    .map(({ sha256 }) => sha256)
  const all = await Promise.all(sites.map((site) => lookAtSite(services, site, { roots, wanted, kind })))
  services.log.debug({ event: 'deployment.lookedAt', certificateId: work.certificateId, deploymentId: deployment.id })
  return all.flat()
}

interface Trust {
  readonly roots: readonly string[]
  /** SHA-256 of the intermediates to be sent. */
  readonly wanted: readonly string[]
  /** Of the key of the leaf that is deployed. */
  readonly kind: SiteKeyKind | null
}

async function lookAtSite(services: Services, site: Site, trust: Trust): Promise<readonly Sighting[]> {
  // A literal is never resolved, so it is judged here.
  if (isIP(site.host) !== 0 && services.kit.guardAddress(site.host) !== null) return nowhere(site)
  const { addresses } = await verifyHost({
    host: site.host,
    port: site.port,
    serverName: site.serverName,
    protocol: site.protocol ?? 'tls',
    resolver: (name) => allowedAddresses(services, name),
    concurrency: CONCURRENCY,
    timeoutMs: TIMEOUT_MS,
    trustedRootsPem: trust.roots,
    now: services.now(),
  })
  return addresses.length === 0 ? nowhere(site) : addresses.map((seen) => toSighting(services, site, seen, trust))
}

/** An endpoint is told of when it is proved; of its own address the target's owner hears here. */
function nowhere(site: Site): readonly Sighting[] {
  const said = 'it has no address that may be dialled: check the name, and EVERCERT_ALLOW_ADDRESSES.'
  return site.isOwn ? [{ ...site, address: site.host, sha256: null, isHealthy: false, isComplete: false, said }] : []
}

function toSighting(services: Services, site: Site, seen: AddressVerification, { wanted, kind }: Trust): Sighting {
  const { address, other } = seen
  const observation = ofKind(seen, kind)
  const { verdict, cause } = judge(observation, { serverName: site.serverName }, services.now())
  const isHealthy = verdict === 'served'
  const common = { ...site, address, isHealthy }
  if (!observation.reachable) return { ...common, sha256: null, isComplete: false, said: cause.en }
  const sent = new Set(observation.chain.map(({ sha256 }) => sha256))
  const [{ sha256, names, keyKind }] = observation.chain
  const hasName = coversName(names, site.serverName)
  const isComplete = isHealthy || wanted.every((one) => sent.has(one))
  const fault = isHealthy ? '' : ` (${verdict})`
  return {
    ...common,
    sha256,
    keyKind,
    hasBoth: other !== null,
    isComplete,
    hasName,
    said: `it serves certificate ${sha256.slice(0, 16)}…${fault}.`,
  }
}

/** Of a server with a certificate for each kind of key the one that the deployment is about; what is beside it is another's matter. */
function ofKind({ observation, other }: AddressVerification, kind: SiteKeyKind | null): Observation {
  return observation.reachable && observation.chain[0].keyKind !== kind && other?.observation.chain[0].keyKind === kind
    ? other.observation
    : observation
}

/** @throws AppError `addressForbidden`; the host counts as one without an address */
async function allowedAddresses(services: Services, name: string): Promise<readonly string[]> {
  const addresses = await services.kit.resolver.resolveAddresses(name)
  const refused = addresses.find((address) => services.kit.guardAddress(address) !== null)
  if (refused === undefined) return addresses
  throw new AppError('addressForbidden', `${name} has the address ${refused}: allow it with EVERCERT_ALLOW_ADDRESSES.`)
}
