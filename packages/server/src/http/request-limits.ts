/**
 * How many requests a minute a caller may make: each API token and each user, and whoever has neither by network address. Counted in the
 * memory of this node, since it is work that is limited, not guesses: those have brakes of their own, in the database.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { addressBlock } from '../domain/access/address-block.ts'
import { AppError } from '../domain/errors.ts'
import { MINUTE_MS } from '../domain/time.ts'

export interface RequestLimitSettings {
  /** Of a token or user; null: as many as they like. So many at once, too. */
  readonly perMinute: number | null
  /** Of a network address, without a credential that is known to be good. */
  readonly anonymousPerMinute: number | null
}

export interface RequestLimits {
  /**
   * Counts a request before anything is asked of the database: against whom its credential was lately, or else against its address.
   *
   * @param credential what the request says who it is with; null: nothing
   * @param address null: not known, and not counted
   * @returns against which caller; null: against none
   * @throws AppError `rateLimited` with the seconds to wait
   */
  arrive(credential: string | null, address: string | null): string | null
  /** Counts it against whom the credential turned out to be, unless {@link arrive} did. @throws AppError `rateLimited` */
  recognise(credential: string | null, callerId: string, counted?: string | null): void
  /** Counts what is for everybody and costs little, against the address alone. @throws AppError `rateLimited` */
  visit(address: string | null): void
  /** The credential is good no more. */
  forget(credential: string | null): void
}

/** As many files for everybody as other requests without a credential: whole networks fetch revocation lists from one address. */
const VISITS = 10

/** Of each kind; who was not heard of for longest is forgotten, and begins anew. */
const MAX_KEPT = 20_000

export function createRequestLimits({ perMinute, anonymousPerMinute }: RequestLimitSettings, now: () => number): RequestLimits {
  const anonymous = createBuckets(anonymousPerMinute, now)
  const callers = createBuckets(perMinute, now)
  const visitors = createBuckets(anonymousPerMinute === null ? null : anonymousPerMinute * VISITS, now)
  /** Callers by the hash of what they show. */
  const known = new Map<string, string>()
  return {
    arrive: (credential, address) => {
      const callerId = credential === null ? undefined : known.get(digestOf(credential))
      if (callerId !== undefined && callerId !== '') callers.take(callerId)
      else if (callerId === undefined && address !== null) anonymous.take(addressBlock(address))
      return callerId ?? null
    },
    recognise: (credential, callerId, counted = null) => {
      if (credential !== null) keep(known, digestOf(credential), callerId)
      if (callerId !== '' && callerId !== counted) callers.take(callerId)
    },
    visit: (address) => {
      if (address !== null) visitors.take(addressBlock(address))
    },
    forget: (credential) => {
      if (credential !== null) known.delete(digestOf(credential))
    },
  }
}

interface Bucket {
  readonly left: number
  readonly at: number
}

/** Full at first; a minute fills an empty one. */
function createBuckets(perMinute: number | null, now: () => number): { take(key: string): void } {
  const buckets = new Map<string, Bucket>()
  return {
    take: (key) => {
      if (perMinute === null) return
      const at = now()
      const before = buckets.get(key) ?? { left: perMinute, at }
      const gained = (Math.max(0, at - before.at) * perMinute) / MINUTE_MS
      const left = Math.min(perMinute, before.left + gained)
      keep(buckets, key, { left: left < 1 ? left : left - 1, at })
      if (left < 1) throw tooMany(Math.max(1, Math.ceil(((1 - left) * MINUTE_MS) / perMinute / 1000)), perMinute)
    },
  }
}

function keep<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  kept.delete(key) // it is the newest again
  kept.set(key, value)
  const [oldest] = kept.keys()
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
}

function digestOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64')
}

function tooMany(retryAfterSeconds: number, perMinute: number): AppError {
  return new AppError(
    'rateLimited',
    `Taking the request: there were more than ${perMinute} in a minute: wait, and ask less often.`,
    {
      retryAfterSeconds,
      facts: { retryAfterSeconds },
    },
  )
}
