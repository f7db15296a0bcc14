/**
 * Decides what an observation proves. Pure: the same observation, expectation and instant give the same verdict.
 *
 * @module
 */
import { coversName } from './host-names.ts'
import type { Observation, ProbeFailure, ServedCertificate, ServedObservation } from './observation.ts'
import type { Expectation, Verdict } from './verdict.ts'
import { explain, type Explanation } from './verdict-texts.ts'

export interface Judgement extends Explanation {
  readonly verdict: Verdict
}

interface Facts {
  readonly seen: ServedObservation
  readonly leaf: ServedCertificate
  /** From the leaf upwards, as far as what was sent goes: each is named as issuer by the one before. */
  readonly path: readonly ServedCertificate[]
  readonly expected: Expectation
  /** Epoch milliseconds. */
  readonly now: number
}

/** A finding that settles the verdict, and the certificate that it is about. */
interface Finding {
  readonly verdict: Verdict
  readonly about: ServedCertificate
}

type Check = (facts: Facts) => Finding | null

/**
 * The checks of a completed handshake. The first finding wins: first which certificate it is, since the remedy for a wrong one makes
 * its other faults go away; then what is wrong with the right one.
 */
const CHECKS: readonly { readonly name: string; readonly find: Check }[] = [
  { name: 'the leaf has the kind of key that is meant', find: findOtherKind },
  { name: 'neither the leaf nor one above it is known to be revoked', find: findRevoked },
  { name: 'the leaf is not the previous one', find: findOldCertificate },
  { name: 'the leaf covers the server name', find: findWrongName },
  { name: 'the leaf is the expected one', find: findOtherCertificate },
  { name: 'the leaf is valid already', find: findNotYetValid },
  { name: 'the leaf is valid still', find: findExpired },
  { name: 'the certificates above the leaf are in time', find: findIssuerOutOfTime },
  { name: 'nothing is missing between the leaf and the root', find: findIncompleteChain },
  { name: 'the chain ends at a trusted root', find: findUntrusted },
]

/** The names of the checks in the order in which they are made. */
export const CHECK_NAMES: readonly string[] = CHECKS.map((check) => check.name)

const NOT_TLS: ReadonlySet<ProbeFailure> = new Set<ProbeFailure>(['notTls', 'noStartTls', 'wrongProtocol'])

/** @param now epoch milliseconds; the leaf's dates are judged by it, the rest of the chain by OpenSSL at the time of the handshake */
export function judge(observation: Observation, expected: Expectation, now: number): Judgement {
  if (!observation.reachable) {
    const verdict = NOT_TLS.has(observation.failure) ? 'notTls' : 'unreachable'
    return { verdict, ...explain({ verdict, observation, about: null, expected }) }
  }
  const [leaf] = observation.chain
  const facts: Facts = { seen: observation, leaf, path: servedPath(observation), expected, now }
  const { verdict, about } = firstFinding(facts) ?? { verdict: 'served', about: leaf }
  return { verdict, ...explain({ verdict, observation, about, expected }) }
}

/** How a certificate and the one that is served beside it for the other kind of key turned out. */
export interface PairJudgement {
  readonly first: Judgement
  /** Null when no other is served. */
  readonly other: Judgement | null
}

/**
 * Judges both certificates of a server that has one for each kind of key. Only one of them can be the expected one; the other is judged
 * for itself: it must be healthy, and not the previous one.
 */
export function judgePair(
  first: Observation,
  other: ServedObservation | null,
  expected: Expectation,
  now: number,
): PairJudgement {
  const { sha256: _, ...forItself } = expected
  const of = (observation: ServedObservation, isMeant: boolean) => judge(observation, isMeant ? expected : forItself, now)
  if (!first.reachable || other === null) return { first: judge(first, expected, now), other: null }
  const [isFirst, isOther] = whichIsMeant(first, other, expected)
  return { first: of(first, isFirst), other: of(other, isOther) }
}

/** Which of the two the expectation is about; both, when nothing tells. */
function whichIsMeant(
  first: ServedObservation,
  other: ServedObservation,
  { sha256, keyKind }: Expectation,
): readonly [boolean, boolean] {
  if (first.chain[0].sha256 === sha256) return [true, false]
  if (other.chain[0].sha256 === sha256) return [false, true]
  if (first.chain[0].keyKind === keyKind) return [true, false]
  return other.chain[0].keyKind === keyKind ? [false, true] : [true, true]
}

function firstFinding(facts: Facts): Finding | null {
  for (const check of CHECKS) {
    const finding = check.find(facts)
    if (finding !== null) return finding
  }
  return null
}

// Whatever else is right or wrong with it, it is there for other clients.
function findOtherKind({ leaf, expected: { onlyKey } }: Facts): Finding | null {
  return onlyKey === undefined || leaf.keyKind === onlyKey ? null : { verdict: 'otherCertificate', about: leaf }
}

function findRevoked({ path, expected }: Facts): Finding | null {
  const about = path.find(({ sha256 }) => expected.revokedSha256?.includes(sha256))
  return about === undefined ? null : { verdict: 'revoked', about }
}

function findOldCertificate({ leaf, expected }: Facts): Finding | null {
  const isOld = expected.sha256 !== leaf.sha256 && expected.previousSha256 === leaf.sha256
  return isOld ? { verdict: 'oldCertificate', about: leaf } : null
}

function findWrongName({ leaf, expected }: Facts): Finding | null {
  return coversName(leaf.names, expected.serverName) ? null : { verdict: 'wrongName', about: leaf }
}

function findOtherCertificate({ leaf, expected }: Facts): Finding | null {
  const isOther = expected.sha256 !== undefined && expected.sha256 !== leaf.sha256
  return isOther ? { verdict: 'otherCertificate', about: leaf } : null
}

function findNotYetValid({ leaf, now }: Facts): Finding | null {
  return isTooEarly(leaf, now) ? { verdict: 'notYetValid', about: leaf } : null
}

function findExpired({ leaf, now }: Facts): Finding | null {
  return isTooLate(leaf, now) ? { verdict: 'expired', about: leaf } : null
}

// Only when there is no trusted path: a chain may carry an expired cross-signed certificate that no client needs.
function findIssuerOutOfTime({ seen, path, now }: Facts): Finding | null {
  if (seen.trusted) return null
  for (const about of path.slice(1)) {
    if (isTooEarly(about, now)) return { verdict: 'notYetValid', about }
    if (isTooLate(about, now)) return { verdict: 'expired', about }
  }
  return null
}

// Both are written so that a date that cannot be read (NaN) is never in time.
function isTooEarly({ notBefore }: ServedCertificate, now: number): boolean {
  return !(now >= notBefore)
}

// RFC 5280 §4.1.2.5: validity includes the second of notAfter.
function isTooLate({ notAfter }: ServedCertificate, now: number): boolean {
  return !(now < notAfter + 1_000)
}

const ISSUER_NOT_FOUND = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/**
 * When an issuer is missing it may be an intermediate (the server's fault) or a private root (ours to trust); the handshake alone does
 * not say. Known intermediates decide; otherwise a leaf that comes with none of its issuers is taken for an incomplete chain.
 */
function findIncompleteChain({ seen, path, expected }: Facts): Finding | null {
  const top = path.at(-1)
  if (seen.trusted || top === undefined || isSelfIssued(top) || !ISSUER_NOT_FOUND.has(seen.trustError ?? '')) return null
  const sent = new Set(seen.chain.map((certificate) => certificate.sha256))
  const isMissing = expected.intermediatesSha256?.some((sha256) => !sent.has(sha256)) ?? path.length === 1
  return isMissing ? { verdict: 'incompleteChain', about: top } : null
}

function findUntrusted({ seen, path, leaf }: Facts): Finding | null {
  return seen.trusted ? null : { verdict: 'untrusted', about: path.at(-1) ?? leaf }
}

/** The last that was sent of the path from the leaf upwards. */
export function topOf(observation: ServedObservation): ServedCertificate {
  return servedPath(observation).at(-1) ?? observation.chain[0]
}

function servedPath({ chain }: ServedObservation): readonly ServedCertificate[] {
  const path: ServedCertificate[] = [chain[0]]
  for (let top = chain[0]; !isSelfIssued(top);) {
    const wanted = top.issuer
    const issuer = chain.find((candidate) => candidate.subject === wanted && !path.includes(candidate))
    if (issuer === undefined) break
    path.push(issuer)
    top = issuer
  }
  return path
}

function isSelfIssued(certificate: ServedCertificate): boolean {
  return certificate.subject === certificate.issuer
}
