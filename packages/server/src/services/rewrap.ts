/**
 * Wraps the data keys of records under earlier master keys with the one that seals. The secrets themselves stay as they are. Any number
 * of nodes may do it at once: a record is changed only while it is under the key that it was read with.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Db } from '../db/connect.ts'
import { AppError } from '../domain/errors.ts'
import type { MasterKey } from '../ports/secrets.ts'
import type { Services } from './context.ts'
import { announce } from './keyring.ts'
import { dropRemovedKeys, followMasterKeys } from './master-keys.ts'

/** Some 10 ms on the embedded database: what renews certificates hardly waits for it. */
const AT_ONCE = 200
/** Of a round, once a second: the rest of the second is for others. */
const ROUND_MS = 250
const ANNOUNCE_MS = 10_000

export interface Rewrapper {
  round(): Promise<void>
}

export function createRewrapper(services: Services): Rewrapper {
  /** Altered: they open with no key. They are passed over, and counted by "keys status". */
  const damaged = new Set<string>()
  let announced: { readonly sealingId: string; readonly awaySince: number | null; readonly at: number } | null = null
  let lookedAt = -Infinity

  /** Whether the keys are there, every few seconds: also for who is to be told when they are not. */
  const look = async (): Promise<void> => {
    const { keyring, log, now, database } = services
    const isOfInterest = database.kind === 'postgres' || keyring.keys.list().some(({ isInToken }) => isInToken)
    if (!isOfInterest || performance.now() - lookedAt < services.looks.masterKeysMs) return
    lookedAt = performance.now()
    try {
      await keyring.keys.reload() // a key that the operator put there is told to the others, before it is needed
      if (keyring.awaySince !== null) log.warn({ event: 'masterKey.back' })
      keyring.awaySince = null
    } catch (error) {
      if (!isMasterKeyAway(error)) throw error // this node is there all the same
      if (keyring.awaySince === null) log.error({ event: 'masterKey.away', error })
      keyring.awaySince ??= now()
    }
  }

  const tell = async (): Promise<void> => {
    const { keyring, db, database } = services
    if (database.kind === 'embedded') return // there is no other node
    const { sealing, awaySince } = keyring
    const isDue = announced === null || performance.now() - announced.at >= ANNOUNCE_MS
    if (!isDue && announced?.sealingId === sealing.id && announced.awaySince === awaySince) return
    await announce(db, { node: keyring.node, keys: keyring.keys, sealingId: sealing.id, awaySince })
    announced = { sealingId: sealing.id, awaySince, at: performance.now() }
  }

  return {
    /** Once a second: what is away is said once. */
    round: async () => {
      try {
        await look()
        await followMasterKeys(services)
        await tell()
        await dropRemovedKeys(services)
        const end = performance.now() + ROUND_MS
        while ((await rewrapBatch(services, damaged)) === AT_ONCE && performance.now() < end);
      } catch (error) {
        if (!isMasterKeyAway(error)) throw error
        lookedAt = -Infinity // the next round sees it, and says so
      }
    },
  }
}

function isMasterKeyAway(error: unknown): boolean {
  return error instanceof AppError && error.code === 'masterKeyAway'
}

/**
 * No transaction is open while the keys work: they may be far away. What another node did meanwhile, and what it is doing, is left to it.
 *
 * @returns how many records were found under earlier keys, at most {@link AT_ONCE}
 */
async function rewrapBatch(services: Services, damaged: Set<string>): Promise<number> {
  const { db, keyring } = services
  const { sealing } = keyring
  const earlier = await findEarlierKeys(services)
  if (earlier.size === 0) return 0
  const rows = await db
    .selectFrom('secret')
    .select(['id', 'master_key_id', 'wrapped_key'])
    .where('master_key_id', 'in', [...earlier.keys()])
    .where(sql<boolean>`id <> all(${[...damaged]}::text[])`)
    .limit(AT_ONCE)
    .execute()
  const fresh: Rewrapped[] = []
  for (const row of rows) {
    const key = earlier.get(row.master_key_id)
    const wrapped = key === undefined ? null : await rewrap(services, { row, key, sealing, damaged })
    if (wrapped !== null) fresh.push(wrapped)
  }
  await store(db, sealing.id, fresh)
  return rows.length
}

interface Rewrapped {
  readonly id: string
  readonly from: string
  readonly hex: string
}

async function findEarlierKeys({ db, keyring }: Services): Promise<ReadonlyMap<string, MasterKey>> {
  const rows = await db.selectFrom('master_key').select('id').where('seals', '=', false).execute()
  const found = new Map<string, MasterKey>()
  for (const { id } of rows) {
    const key = id === keyring.sealing.id ? null : await keyring.find(id)
    if (key !== null) found.set(id, key)
  }
  return found
}

async function rewrap(
  { log }: Services,
  {
    row: { id, master_key_id: from, wrapped_key: wrappedKey },
    key,
    sealing,
    damaged,
  }: {
    readonly row: { readonly id: string; readonly master_key_id: string; readonly wrapped_key: Uint8Array }
    readonly key: MasterKey
    readonly sealing: MasterKey
    readonly damaged: Set<string>
  },
): Promise<Rewrapped | null> {
  let dataKey: Uint8Array
  try {
    dataKey = await key.unwrap(wrappedKey)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'misconfigured') throw error
    damaged.add(id)
    log.error({ event: 'masterKey.rewrapFailed', secretId: id, masterKeyId: from })
    return null
  }
  return { id, from, hex: Buffer.from(await sealing.wrap(dataKey)).toString('hex') }
}

/** One statement. Records that another node has in its hands are passed over, so that neither waits for the other. */
async function store(db: Db, sealingId: string, fresh: readonly Rewrapped[]): Promise<void> {
  if (fresh.length === 0) return
  const ids = fresh.map(({ id }) => id)
  // Hex, because arrays of bytes are written in another way by each driver.
  await sql`with free as (select id from secret where id = any(${ids}::text[]) for update skip locked)
    update secret set master_key_id = ${sealingId}, wrapped_key = decode(fresh.hex, 'hex')
    from free, unnest(${ids}::text[], ${fresh.map(({ from }) => from)}::text[],
      ${fresh.map(({ hex }) => hex)}::text[]) as fresh (id, from_key, hex)
    where secret.id = free.id and free.id = fresh.id and secret.master_key_id = fresh.from_key`.execute(db)
}
