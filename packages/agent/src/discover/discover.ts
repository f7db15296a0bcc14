/**
 * What the servers of this host use: every certificate that their configurations name, read, and whether a site has it.
 *
 * @module
 */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import type { AgentFinding, AgentSite, FindingProblem } from '@evercert/contract'
import { parseChain, parsePem, PkiError, toPem, type CertificateFacts } from '@evercert/pki'
import type { AgentConfig, DiscoveredKind, SiteConfig } from '../config.ts'
import { stampOf } from '../file-stamp.ts'
import { isMissing } from '../state.ts'
import { tidy } from '../tidy.ts'
import { discoverApache } from './apache.ts'
import { discoverHaproxy } from './haproxy.ts'
import { discoverNginx } from './nginx.ts'
import { createSource, type Named } from './source.ts'

export interface Found extends AgentFinding {
  /** Where it is served; null when the configuration does not say. */
  readonly port: number | null
  /** Where reading began: what the server itself is started with. */
  readonly configPath: string
}

export interface Discovery {
  readonly findings: readonly Found[]
  /** Files that could not be read, and why. */
  readonly faults: readonly string[]
}

const READERS = { nginx: discoverNginx, apache: discoverApache, haproxy: discoverHaproxy } as const satisfies Record<
  DiscoveredKind,
  unknown
>

export function discover(config: Pick<AgentConfig, 'discover' | 'sites'>): Discovery {
  const source = createSource()
  const named = Object.entries(READERS).flatMap(([kind, read]) =>
    config.discover[kind as DiscoveredKind]
      .filter((path) => isThere(path))
      .flatMap((path) => read(source, path).map((one) => ({ ...one, configPath: path }))),
  )
  const siteOf = findSites(config.sites)
  const findings = merge(named).map((one) => toFinding(one, siteOf))
  return { findings, faults: source.faults }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Several virtual hosts with one certificate are one finding with all their names. */
type Read = Named & Pick<Found, 'configPath'>

function merge(named: readonly Read[]): readonly Read[] {
  const all = new Map<string, Read>()
  for (const one of named) {
    const key = [one.server, one.certificatePath, one.keyPath].join('\0')
    const known = all.get(key)
    const serverNames = [...new Set([...(known?.serverNames ?? []), ...one.serverNames])]
    all.set(key, { ...(known ?? one), port: known?.port ?? one.port, serverNames })
  }
  return [...all.values()]
}

// As the contract limits them.
const MAX_NAMES = 250
const MAX_NAME = 253

function toFinding(
  { server, file, line, certificatePath, keyPath, serverNames, port, problem, configPath }: Read,
  siteOf: (certificatePath: string) => string | null,
): Found {
  const read = problem === null ? readLeaf(certificatePath) : { leaf: null, problem }
  return {
    server,
    file,
    line,
    certificatePath,
    keyPath,
    serverNames: serverNames.slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_NAME)),
    port,
    configPath,
    site: siteOf(certificatePath),
    ...toFacts(read),
  }
}

/** What the service is told of the certificate that a file holds. */
type Facts = Pick<AgentSite, 'sha256' | 'notAfter' | 'domains' | 'problem'>

/** What the files of the sites hold, as the service is told. */
export function observeSites(
  sites: AgentConfig['sites'],
  factsOf: (certificatePath: string) => Facts = (path) => toFacts(readLeaf(path)),
): AgentSite[] {
  return Object.entries(sites).map(([name, { server, certificatePath }]: [string, SiteConfig]) => ({
    name,
    server,
    certificatePath,
    ...factsOf(certificatePath),
  }))
}

/** The same for who looks again and again: a file that is as it was is not read again. */
export function createSiteObserver(): (sites: AgentConfig['sites']) => AgentSite[] {
  let known = new Map<string, { readonly stamp: string | null; readonly facts: Facts }>()
  return (sites) => {
    const seen = new Map<string, { readonly stamp: string | null; readonly facts: Facts }>()
    const observed = observeSites(sites, (path) => {
      const stamp = stampOf(path)
      const before = known.get(path)
      const now =
        before !== undefined && stamp !== null && before.stamp === stamp ? before : { stamp, facts: toFacts(readLeaf(path)) }
      seen.set(path, now)
      return now.facts
    })
    known = seen
    return observed
  }
}

interface ReadLeaf {
  readonly leaf: CertificateFacts | null
  readonly problem: FindingProblem | null
}

function toFacts({ leaf, problem }: ReadLeaf): Facts {
  return {
    sha256: leaf?.sha256 ?? null,
    notAfter: leaf === null ? null : new Date(leaf.notAfter).toISOString(),
    domains: leaf === null ? [] : leaf.names.slice(0, MAX_NAMES).map((name) => name.slice(0, MAX_NAME)),
    problem,
  }
}

const MAX_FILE_BYTES = 1024 * 1024

function readLeaf(path: string): ReadLeaf {
  tidy()
  try {
    const stats = statSync(path)
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) return { leaf: null, problem: 'unreadable' }
    const first = parsePem(readFileSync(path, 'utf8')).find(({ label }) => label.endsWith('CERTIFICATE'))
    const [leaf] = first === undefined ? [] : parseChain(toPem(first.der, first.label))
    return leaf === undefined ? { leaf: null, problem: 'noCertificate' } : { leaf, problem: null }
  } catch (error) {
    if (isMissing(error)) return { leaf: null, problem: 'missing' }
    return { leaf: null, problem: error instanceof PkiError ? 'noCertificate' : 'unreadable' }
  }
}

/** Which site has a file, by whatever way its path leads there; the first, should there be several. */
function findSites(sites: AgentConfig['sites']): (certificatePath: string) => string | null {
  const byPath = new Map<string, string>()
  for (const [name, { certificatePath }] of Object.entries(sites).toReversed()) {
    byPath.set(realPathOf(certificatePath), name)
    byPath.set(certificatePath, name)
  }
  return (certificatePath) => byPath.get(certificatePath) ?? byPath.get(realPathOf(certificatePath)) ?? null
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path // it is missing
  }
}
