/**
 * The orders of the built-in CA: how one begins, what a verdict makes of it, and what the port is told. Pure.
 *
 * @module
 */
import { AppError } from '../../../domain/errors.ts'
import { domainValidationUsableUntil, mayReuseDomainValidation } from '../../../domain/entitlement/reuse.ts'
import { formatId } from '../../../domain/id.ts'
import { DAY_MS } from '../../../domain/time.ts'
import type { CaOrder, CaOrderRequest } from '../../../ports/ca.ts'
import type { BuiltinChallenge, BuiltinOrder } from '../../../ports/kit.ts'

/** What one look at a proof showed: null when it is in place, otherwise what is wrong, for the user. */
export type Verdict = string | null

export interface NewOrder {
  readonly authorityId: string
  readonly request: CaOrderRequest
  /** Epoch milliseconds; kept in the order's id. */
  readonly now: number
  readonly drawRandom: (octets: number) => Uint8Array
  /** Challenges of earlier orders of this CA, by the same applicant; those that may still be used are taken over. */
  readonly earlier?: readonly BuiltinChallenge[]
}

const FILE_PATH = '/.well-known/pki-validation/fileauth.txt'
const DNS_LABEL = '_dnsauth'
const TOKEN_LIFE_MS = 3 * DAY_MS

/** Tries that an order has for each of its names, before it is refused for good. */
const MAX_TRIES = 20

const TOKEN_OCTETS = 24 // 192 bits; BR 3.2.2.4.7 wants 112, we promise 128
const ID_RANDOM_OCTETS = 16
const ID_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const ID_TIME = /^cao_([0-9a-hjkmnp-tv-z]{10})/
const MAX_NAMES = 100
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const MAX_NAME_OCTETS = 253
/** No end of its own: the caps of signing and the issuer's end decide (RFC 5280 §4.1.2.5). */
const LAST_NOT_AFTER = Date.UTC(9999, 11, 31, 23, 59, 59)

/** @throws AppError `caRejected` for names that are not DNS names; the domain's rules on public suffixes are not ours */
export function createOrder({ authorityId, request, now, drawRandom, earlier = [] }: NewOrder): BuiltinOrder {
  const names = [...new Set(request.identifiers.map((name) => name.toLowerCase()))]
  const problem = namesProblem(names)
  if (problem !== null) throw new AppError('caRejected', `Ordering ${request.reference}: ${problem}`)
  const id = formatId('cao', now, drawRandom(ID_RANDOM_OCTETS))
  const challenges = names.map((name, index) => takeOver(toChallenge(`${id}.${index}`, name, request, drawRandom), earlier, now))
  return {
    id,
    authorityId,
    reference: request.reference,
    version: 0,
    state: challenges.every(({ state }) => state === 'valid') ? 'ready' : 'pending',
    notAfter: Math.floor((request.notAfter ?? LAST_NOT_AFTER) / 1000) * 1000,
    challenges,
    serialHex: null,
    csrSha256: null,
    notBefore: null,
    chainPem: null,
    refusal: null,
    subject: request.subject ?? null,
    revokedAt: null,
    revocationReason: null,
  }
}

/** For exactly the same name, by its newest proof; a wildcard's proof is none for the name itself, nor the other way round. */
function takeOver(challenge: BuiltinChallenge, earlier: readonly BuiltinChallenge[], now: number): BuiltinChallenge {
  const provedAt = earlier
    .filter(({ identifier, wildcard }) => identifier === challenge.identifier && wildcard === challenge.wildcard)
    .flatMap(({ state, validatedAt }) => (state === 'valid' && validatedAt !== null ? [validatedAt] : []))
    .filter((validatedAt) => mayReuseDomainValidation(validatedAt, now))
  if (provedAt.length === 0) return challenge
  return { ...challenge, state: 'valid', validatedAt: Math.max(...provedAt), reused: true }
}

/** The names of an order, wildcards with `*.`, the first as it was ordered. */
export function namesOf(order: BuiltinOrder): readonly string[] {
  return order.challenges.map(({ identifier, wildcard }) => (wildcard ? `*.${identifier}` : identifier))
}

/** The order after a look at one proof. Only for a pending order and challenge. */
export function withVerdict(order: BuiltinOrder, challengeRef: string, verdict: Verdict, now: number): BuiltinOrder {
  const challenges = order.challenges.map((challenge) =>
    challenge.ref === challengeRef ? judged(challenge, verdict, now) : challenge,
  )
  if (challenges.every((challenge) => challenge.state === 'valid')) return { ...order, challenges, state: 'ready' }
  if (verdict === null || failuresOf(order) + 1 < MAX_TRIES * challenges.length) return { ...order, challenges }
  const refusal = `the proof was not in place after ${failuresOf(order) + 1} tries: ${verdict}`
  const last = challenges.map((each) => (each.ref === challengeRef ? { ...each, state: 'invalid' as const } : each))
  return { ...order, challenges: last, state: 'refused', refusal }
}

/** Why the order cannot go on although its record says so: time passed. Null while it can. */
export function lapseOf(order: BuiltinOrder, now: number): string | null {
  if (order.state === 'pending' && now > createdAtOf(order.id) + TOKEN_LIFE_MS) {
    const open = order.challenges.filter((challenge) => challenge.state !== 'valid')
    return `${open.map(describe).join('; ')}: the token was valid for 3 days and is not any more: order again`
  }
  if (order.state === 'ready' && now > domainValidationUsableUntil(oldestProofAt(order), now)) {
    return `${namesOf(order).join(', ')}: the validation is too old to be used (BR 4.2.1): order again`
  }
  return null
}

/**
 * What the port is told. An order that is being signed reads as `ready`: if the signer died, finalizing again ends it with the same
 * serial, and if it did not, that does no harm.
 */
export function toCaOrder(order: BuiltinOrder, now: number): CaOrder {
  const ref = order.id
  const refusal = order.refusal ?? lapseOf(order, now)
  if (refusal !== null)
    return { state: 'refused', ref, code: 'validationFailed', detail: `Built-in CA, order ${ref}: ${refusal}` }
  if (order.chainPem !== null) return { state: 'issued', ref, chainPem: order.chainPem }
  const challenges = order.challenges.map(({ validatedAt, reused, ...challenge }) => ({
    ...challenge,
    reusedFrom: reused === true ? validatedAt : null,
  }))
  if (order.state !== 'pending')
    return challenges.some(({ reusedFrom }) => reusedFrom !== null)
      ? { state: 'ready', ref, challenges }
      : { state: 'ready', ref }
  return { state: 'pending', ref, challenges, retryAfterSeconds: null }
}

/** @returns epoch milliseconds, from the id; 0 for an id that is not ours */
export function createdAtOf(id: string): number {
  const digits = ID_TIME.exec(id)?.[1] ?? ''
  let at = 0
  for (const digit of digits) at = at * ID_ALPHABET.length + ID_ALPHABET.indexOf(digit)
  return at
}

function judged(challenge: BuiltinChallenge, verdict: Verdict, now: number): BuiltinChallenge {
  return verdict === null
    ? { ...challenge, state: 'valid', problem: null, validatedAt: now }
    : { ...challenge, state: 'pending', problem: verdict }
}

/** While an order is pending, every change of it is one verdict: those that did not make a name valid were failures. */
function failuresOf(order: BuiltinOrder): number {
  return order.version - order.challenges.filter(({ state, reused }) => state === 'valid' && reused !== true).length
}

function oldestProofAt(order: BuiltinOrder): number {
  return Math.min(...order.challenges.map((challenge) => challenge.validatedAt ?? 0))
}

function describe({ identifier, problem }: BuiltinChallenge): string {
  return problem === null ? identifier : `${identifier} (${problem})`
}

function toChallenge(
  ref: string,
  name: string,
  { method }: CaOrderRequest,
  drawRandom: NewOrder['drawRandom'],
): BuiltinChallenge {
  const wildcard = name.startsWith('*.')
  const identifier = wildcard ? name.slice(2) : name
  const proof: BuiltinChallenge['method'] = wildcard ? 'dns' : method // a file on one host proves nothing about the others
  return {
    ref,
    identifier,
    wildcard,
    method: proof,
    location: proof === 'file' ? FILE_PATH : `${DNS_LABEL}.${identifier}`,
    content: Buffer.from(drawRandom(TOKEN_OCTETS)).toString('base64url'),
    state: 'pending',
    problem: null,
    validatedAt: null,
  }
}

function namesProblem(names: readonly string[]): string | null {
  if (names.length === 0) return 'there is no name: give at least one'
  if (names.length > MAX_NAMES) return `there are ${names.length} names: give at most ${MAX_NAMES}`
  const wrong = names.find((name) => !isDnsName(name.startsWith('*.') ? name.slice(2) : name))
  return wrong === undefined ? null : `"${wrong.slice(0, MAX_NAME_OCTETS)}" is not a DNS name: correct it or leave it out`
}

function isDnsName(name: string): boolean {
  const labels = name.split('.')
  const isAddress = /^\d+$/.test(labels.at(-1) ?? '') // RFC 3696 §2: a top-level domain is not all digits
  return name.length <= MAX_NAME_OCTETS && !isAddress && labels.every((label) => LABEL.test(label))
}
