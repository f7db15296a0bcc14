/**
 * Which intermediates are noted: each once for an account, so many at most, and as long as something below it lasts.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Trx } from '../../db/transition.ts'
import { DAY_MS } from '../../domain/time.ts'
import { intermediatesOf, type Intermediate } from './chains.ts'

/** One that is held, or that an endpoint shows, with what is above it. */
export interface NotedChain {
  readonly account_id: string
  readonly sha256: string
  /** DER; the certificate itself first. */
  readonly chain: readonly Uint8Array[]
  readonly not_after: Date
  /** Null: it is held. */
  readonly seen_at: Date | null
}

export interface FollowedChain extends NotedChain {
  /** Nearest first. */
  readonly above: readonly Intermediate[]
}

export interface IssuerRow extends NotedChain {
  readonly is_issuer: boolean
}

/** Of an account. What endpoints show is anybody's choice, and takes nothing from what is held. */
const MAX_HELD = 1000
const MAX_STRANGE = 200
/** Chains that are looked at in one go: each takes some signatures. */
const AT_ONCE = 50

/** The same, with what stands above each. */
export async function followChains(chains: readonly NotedChain[]): Promise<readonly FollowedChain[]> {
  const followed: FollowedChain[] = []
  for (const one of chains) {
    if (followed.length % AT_ONCE === AT_ONCE - 1) await setImmediate() // others get their turn
    followed.push({ ...one, above: intermediatesOf(one.chain) })
  }
  return followed
}

/** Those that are not noted yet, or not as lasting as they turn out to be. */
export async function intermediateRows(trx: Trx, chains: readonly FollowedChain[], now: number): Promise<readonly IssuerRow[]> {
  const wanted = new Map<string, IssuerRow>()
  for (const one of chains) {
    for (const row of rowsAbove(one, now)) wanted.set(keyOf(row), lasting(wanted.get(keyOf(row)), row))
  }
  if (wanted.size === 0) return []
  const rows = [...wanted.values()]
  const known = await findKnown(trx, rows)
  const newer = rows.filter((row) => !isFresh(known.get(keyOf(row)), row, now))
  const unknown = newer.filter((row) => !known.has(keyOf(row)))
  if (unknown.length === 0) return newer
  const room = await findRoom(trx, unknown)
  return newer.filter((row) => known.has(keyOf(row)) || room.take(row))
}

const keyOf = ({ account_id: accountId, sha256 }: { readonly account_id: string; readonly sha256: string }): string =>
  `${accountId} ${sha256}`

function rowsAbove({ account_id, above, not_after: leafEnds, seen_at }: FollowedChain, now: number): readonly IssuerRow[] {
  return above.flatMap(({ sha256, der, issuer, notAfter }) => {
    if (!(notAfter > now)) return []
    const row = { account_id, sha256, chain: issuer === null ? [der] : [der, issuer], seen_at, is_issuer: true }
    return [{ ...row, not_after: new Date(Math.min(notAfter, leafEnds.getTime())) }]
  })
}

/** Held is more than seen, and the last that ends counts. */
function lasting(one: IssuerRow | undefined, other: IssuerRow): IssuerRow {
  if (one === undefined) return other
  const ends = one.not_after > other.not_after ? one.not_after : other.not_after
  return { ...other, not_after: ends, seen_at: one.seen_at === null ? null : other.seen_at }
}

interface Known {
  readonly not_after: Date
  readonly seen_at: Date | null
}

async function findKnown(trx: Trx, rows: readonly IssuerRow[]): Promise<ReadonlyMap<string, Known>> {
  const found = await trx
    .selectFrom('revocation_check')
    .select(['account_id', 'sha256', 'not_after', 'seen_at'])
    .where('is_issuer', '=', true)
    .where('account_id', 'in', [...new Set(rows.map((row) => row.account_id))])
    .where('sha256', 'in', [...new Set(rows.map((row) => row.sha256))])
    .execute()
  return new Map(found.map((row) => [keyOf(row), row]))
}

/** Most probes see what was seen before: they write nothing. */
function isFresh(known: Known | undefined, { not_after: ends, seen_at: seenAt }: IssuerRow, now: number): boolean {
  if (known === undefined || known.not_after < ends) return false
  return known.seen_at === null || (seenAt !== null && known.seen_at.getTime() > now - DAY_MS)
}

async function findRoom(trx: Trx, rows: readonly IssuerRow[]) {
  const { rows: counted } = await sql<{ account_id: string; is_held: boolean; count: number }>`
    select account_id, seen_at is null as is_held, count(*)::int as count from revocation_check
    where is_issuer and account_id = any(${[...new Set(rows.map((row) => row.account_id))]}::text[]) group by 1, 2`.execute(trx)
  const kindOf = (accountId: string, isHeld: boolean): string => `${accountId} ${isHeld}`
  const counts = new Map(counted.map((row) => [kindOf(row.account_id, row.is_held), row.count]))
  return {
    take: ({ account_id: accountId, seen_at: seenAt }: IssuerRow): boolean => {
      const kind = kindOf(accountId, seenAt === null)
      const count = counts.get(kind) ?? 0
      if (count >= (seenAt === null ? MAX_HELD : MAX_STRANGE)) return false
      counts.set(kind, count + 1)
      return true
    },
  }
}
