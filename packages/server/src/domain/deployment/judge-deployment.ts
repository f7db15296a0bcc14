/**
 * Whether a deployment did what it should, by handshakes before and after it. Only what can be laid at its door takes it back: an endpoint
 * may be served by several servers, of which this target is one; the target's own address tells of it alone.
 *
 * @module
 */

import type { EndpointProtocol } from '@evercert/contract'
import type { KeyKind } from '@evercert/pki/probe'

/** Where to look. */
export interface Site {
  readonly host: string
  readonly port: number
  readonly serverName: string
  /** Absent in what was written down before there was a choice: `tls`. */
  readonly protocol?: EndpointProtocol
  /** The target's own address; else an endpoint of its certificate. */
  readonly isOwn: boolean
}

/** What one address of a site served. */
export interface Sighting extends Site {
  readonly address: string
  /** Of the leaf; null when there was no handshake. */
  readonly sha256: string | null
  /** Of the leaf's key. Of two that are served, one for each kind, the one of the kind that is deployed. Absent in what was written down before this was looked at. */
  readonly keyKind?: KeyKind
  /** A certificate with the other kind of key is served besides. */
  readonly hasBoth?: boolean
  /** Clients would accept it: right name, in time, complete, trusted. */
  readonly isHealthy: boolean
  /** All intermediates of the wanted chain are sent. Before a deployment: as `isHealthy`. */
  readonly isComplete: boolean
  /** The leaf is for the name that was asked for. Absent in what was written down before this was looked at: as `isHealthy`. */
  readonly hasName?: boolean
  /** One line for people, in English. */
  readonly said: string
}

/** What was served before the target was touched. */
export interface Baseline {
  readonly sightings: readonly Sighting[]
}

/**
 * - `proved`: the target's own address serves the new certificate, every address of it.
 * - `seen`: it has no address of its own, and some endpoint serves the new certificate.
 * - `bad`: something that worked before does not work now, or its own address serves another certificate.
 * - `open`: nothing of this.
 */
export interface DeploymentJudgement {
  readonly verdict: 'proved' | 'seen' | 'bad' | 'open'
  /** What is bad or still open, one line each. */
  readonly reasons: readonly string[]
}

/** Addresses that are worth a look after the deployment: its own, and those that worked. */
export function watchedOf({ sightings }: Baseline): readonly Sighting[] {
  return sightings.filter(({ isOwn, sha256 }) => isOwn || sha256 !== null)
}

/** Where to look once more: each site once, whatever addresses it had. */
export function sitesOf({ sightings }: Baseline): readonly Site[] {
  const isSameSite = (one: Site, other: Site) =>
    one.host === other.host &&
    one.port === other.port &&
    one.isOwn === other.isOwn &&
    one.serverName === other.serverName &&
    one.protocol === other.protocol
  return sightings.filter((one, index) => sightings.findIndex((other) => isSameSite(one, other)) === index)
}

/** Whether a pair that the target may hold already is not what is served. A silent endpoint tells nothing of it. */
export function isNotServed({ sightings }: Baseline, wantedSha256: string): boolean {
  return sightings.some(({ isOwn, sha256, isComplete }) => (sha256 === null ? isOwn : sha256 !== wantedSha256 || !isComplete))
}

/** @param wantedSha256 of the leaf that was deployed */
export function judgeDeployment(baseline: Baseline, after: readonly Sighting[], wantedSha256: string): DeploymentJudgement {
  const findings = watchedOf(baseline).map((before) => {
    const now = after.find((one) => isSamePlace(one, before)) ?? null
    return { before, now, finding: compare(before, now, wantedSha256) }
  })
  const reasonsOf = (wanted: Finding): string[] =>
    findings.filter(({ finding }) => finding === wanted).map(({ before, now }) => describe(before, now))
  const bad = reasonsOf('bad')
  if (bad.length > 0) return { verdict: 'bad', reasons: bad }
  const own = findings.filter(({ before }) => before.isOwn)
  if (own.length > 0) {
    const isProved = own.every(({ finding }) => finding === 'new')
    return isProved ? { verdict: 'proved', reasons: [] } : { verdict: 'open', reasons: reasonsOf('open') }
  }
  const isSeen = findings.some(({ finding }) => finding === 'new')
  return isSeen ? { verdict: 'seen', reasons: [] } : { verdict: 'open', reasons: reasonsOf('open') }
}

/** After the previous pair was put back: what does not serve what it served before, one line each. */
export function notRestored(baseline: Baseline, after: readonly Sighting[]): readonly string[] {
  return watchedOf(baseline).flatMap((before) => {
    const now = after.find((one) => isSamePlace(one, before)) ?? null
    return before.sha256 === null || now?.sha256 === before.sha256 ? [] : [describe(before, now)]
  })
}

type Finding = 'new' | 'bad' | 'open'

function compare(before: Sighting, now: Sighting | null, wantedSha256: string): Finding {
  if (now === null || now.sha256 === null) return before.sha256 === null ? 'open' : 'bad'
  // Roots that the service does not know make no difference to the right chain.
  // What was accepted for its name is refused now, whatever else is right with it.
  if (now.sha256 === wantedSha256 && hasLostName(before, now)) return 'bad'
  if (now.sha256 === wantedSha256) return now.isComplete || !before.isComplete ? 'new' : 'bad'
  if (before.isOwn || hasLostKind(before, now)) return 'bad'
  return before.isHealthy && !now.isHealthy && now.sha256 !== before.sha256 ? 'bad' : 'open'
}

function hasLostName(before: Sighting, now: Sighting): boolean {
  return (before.hasName ?? before.isHealthy) && now.hasName === false
}

/** There was one for each kind of key, and clients that know this kind alone get none any more. */
function hasLostKind(before: Sighting, now: Sighting): boolean {
  return before.hasBoth === true && before.keyKind !== now.keyKind
}

function isSamePlace(one: Sighting, other: Sighting): boolean {
  return (
    one.host === other.host &&
    one.port === other.port &&
    one.serverName === other.serverName &&
    one.address === other.address &&
    one.isOwn === other.isOwn
  )
}

function describe(before: Sighting, now: Sighting | null): string {
  const place = before.host === before.address ? '' : ` at ${before.address}`
  return `${before.host}:${before.port}${place}: ${now?.said ?? 'it has no such address any more.'}`
}
