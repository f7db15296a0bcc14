/**
 * Looks for endpoints at a bounded number of sites, and keeps what shows a certificate as candidates.
 *
 * @module
 */
import { isIP } from 'node:net'
import { MAX_DISCOVERED_AT_ONCE, type DiscoveryResult, type EndpointProtocol } from '@evercert/contract'
import { canonicalHost, DEFAULT_PORTS, type AddressVerification, type HostVerification, type KeyKind } from '@evercert/pki/probe'
import type { CandidateAddress } from '../../db/proof-tables.ts'
import { addressesOf, isWithin, parseRange, sizeOf, type AddressRange } from '../../domain/endpoint/address-range.ts'
import { AppError } from '../../domain/errors.ts'
import { loadCertificateDetail } from '../certificates.ts'
import type { Caller, Services } from '../context.ts'
import { verifySite, type ProbedSite } from '../probing/observe.ts'
import { storeCandidates, type FoundSite } from './candidates.ts'
import { findMatches } from './match.ts'

const AT_ONCE = 32
/** Most addresses of a range are silent. */
const TIMEOUT_MS = 3000
/** Who looks already; one at a time for an account, so that nobody scans at the rate of many requests. */
const looking = new Set<string>()

interface Request {
  readonly names: readonly string[]
  readonly certificateId?: string | undefined
  readonly range?: string | undefined
  readonly protocol: EndpointProtocol
  readonly ports: readonly number[]
}

/** @throws AppError `invalid`, `notFound`, `rangeForbidden`, `rateLimited` */
export async function discover(services: Services, caller: Caller, request: Request): Promise<DiscoveryResult> {
  const sites = await listSites(services, caller, request)
  if (looking.has(caller.accountId)) {
    throw new AppError('rateLimited', 'Looking for endpoints: this account is looking already: wait until that has ended.', {
      retryAfterSeconds: 5,
    })
  }
  looking.add(caller.accountId)
  try {
    const seen = await lookAt(services, sites)
    const found = seen.filter(({ addresses }) => addresses.some(({ observation }) => observation.reachable))
    const matches = await findMatches(services, caller, found)
    const stored = await storeCandidates(
      services,
      caller,
      found.map((verification, index) => toFoundSite(verification, matches[index] ?? null)),
    )
    return { looked: sites.length, silent: sites.length - found.length, known: found.length - stored.length, items: stored }
  } finally {
    looking.delete(caller.accountId)
  }
}

async function listSites(services: Services, caller: Caller, request: Request): Promise<readonly ProbedSite[]> {
  const named = request.certificateId === undefined ? [] : await namesOf(services, caller, request.certificateId)
  const hosts = [
    ...request.names.map((name) => checkName(services, name)),
    ...named.filter((name) => isIP(name) === 0 || isAllowed(services, rangeOf(name))),
    ...(request.range === undefined ? [] : openRange(services, request.range)),
  ]
  const ports = request.ports.length === 0 ? [DEFAULT_PORTS[request.protocol]] : [...new Set(request.ports)]
  const sites = [...new Set(hosts)].flatMap((host) =>
    ports.map((port) => ({ host, port, serverName: host, protocol: request.protocol })),
  )
  if (sites.length > 0 && sites.length <= MAX_DISCOVERED_AT_ONCE) return sites
  throw new AppError(
    'invalid',
    `Looking for endpoints: ${sites.length} sites: give 1 to ${MAX_DISCOVERED_AT_ONCE} in a request (hosts times ports).`,
  )
}

/** Addresses one by one are a range too. */
function checkName(services: Services, name: string): string {
  const host = canonicalHost(name)
  if (host === null)
    throw new AppError('invalid', `Looking for endpoints: "${name}" is no host name: give names without port and wildcard.`)
  if (isIP(host) !== 0 && !isAllowed(services, rangeOf(host))) throw forbidden(host)
  return host
}

async function namesOf(services: Services, caller: Caller, certificateId: string): Promise<readonly string[]> {
  const { domains } = await loadCertificateDetail(services, caller, certificateId)
  return domains.flatMap((domain) => (domain.startsWith('*.') ? [] : (canonicalHost(domain) ?? [])))
}

/** A public address may be anybody's, so the guard alone is not enough here. */
function openRange(services: Services, text: string): readonly string[] {
  const range = parseRange(text)
  if (range === null)
    throw new AppError('invalid', `Looking for endpoints: "${text}" is no range: write CIDR such as 10.0.0.0/28.`)
  if (!isAllowed(services, range)) throw forbidden(text)
  if (sizeOf(range) > BigInt(MAX_DISCOVERED_AT_ONCE)) {
    throw new AppError(
      'invalid',
      `Looking for endpoints in ${text}: it is too large: give at most ${MAX_DISCOVERED_AT_ONCE} addresses.`,
    )
  }
  return addressesOf(range)
}

function rangeOf(address: string): AddressRange | null {
  return parseRange(`${address}/${isIP(address) === 4 ? 32 : 128}`)
}

function isAllowed({ probing }: Services, range: AddressRange | null): boolean {
  const allowed = probing.discoveryRanges.map(parseRange)
  return range !== null && allowed.some((outer) => outer !== null && isWithin(range, outer))
}

function forbidden(text: string): AppError {
  return new AppError(
    'rangeForbidden',
    `Looking for endpoints in ${text}: the operator did not allow it: add a range around it to EVERCERT_DISCOVERY_RANGES.`,
  )
}

async function lookAt(services: Services, sites: readonly ProbedSite[]): Promise<readonly HostVerification[]> {
  const seen: HostVerification[] = []
  const queue = sites.entries()
  const lane = async (): Promise<void> => {
    for (const [index, site] of queue) seen[index] = await verifySite(services, site, { timeoutMs: TIMEOUT_MS })
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, sites.length) }, lane))
  return seen
}

type Match = NonNullable<Awaited<ReturnType<typeof findMatches>>[number]>

/** What was found at an address without a name is asked by the name that it answers with from now on. */
function toFoundSite(verification: HostVerification, match: Match | null): FoundSite {
  const { host, port, protocol, addresses } = verification
  const serverName = isIP(host) === 0 ? host : (match?.serverName ?? host)
  return {
    host,
    port,
    protocol,
    serverName,
    addresses: addresses.map((address) => toAddress(address, match?.keyKind ?? null)),
    certificateId: match?.certificateId ?? null,
    matchedBy: match?.by ?? null,
    keyKind: match?.keyKind ?? null,
  }
}

/** Of two that are served, one for each kind of key, the one that is meant. */
function ofKind(
  seen: AddressVerification,
  keyKind: KeyKind | null,
): Pick<AddressVerification, 'verdict' | 'cause' | 'remedy' | 'observation'> {
  return seen.other !== null && seen.other.observation.chain[0].keyKind === keyKind ? seen.other : seen
}

function toAddress(seen: AddressVerification, keyKind: KeyKind | null): CandidateAddress {
  const { verdict, cause, remedy, observation } = ofKind(seen, keyKind)
  const leaf = observation.reachable ? observation.chain[0] : null
  return {
    address: seen.address,
    verdict,
    sha256: leaf?.sha256 ?? null,
    subject: leaf?.subject ?? null,
    issuer: leaf?.issuer ?? null,
    names: leaf?.names.slice(0, 100) ?? [],
    notAfter: leaf === null || Number.isNaN(new Date(leaf.notAfter).getTime()) ? null : new Date(leaf.notAfter).toISOString(),
    cause,
    remedy,
  }
}
