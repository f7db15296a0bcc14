/**
 * Wraps the data keys of records under earlier master keys with the one that seals. The secrets themselves stay as they are. Any number
 * of nodes may do it at once: a record is changed only while it is under the key that it was read with.
 *
 * @module
 */
import { sql } from 'kysely'
import { AppError } from '../domain/errors.ts'
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
  let announced: { readonly sealingId: string; readonly at: number } | null = null

  const tell = async (): Promise<void> => {
    const { keyring, db, database } = services
    if (database.kind === 'embedded') return // there is no other node
    const sealingId = keyring.sealing.id
    const isDue = announced === null || performance.now() - announced.at >= ANNOUNCE_MS
    if (!isDue && announced?.sealingId === sealingId) return
    keyring.keys.reload() // a key that the operator put there is told to the others, before it is needed
    await announce(db, { node: keyring.node, keys: keyring.keys, sealingId })
    announced = { sealingId, at: performance.now() }
  }

  return {
    round: async () => {
      await followMasterKeys(services)
      await dropRemovedKeys(services)
      await tell()
      const end = performance.now() + ROUND_MS
      while ((await rewrapBatch(services, damaged)) === AT_ONCE && performance.now() < end);
    },
  }
}

/** @returns how many records were found under earlier keys, at most {@link AT_ONCE} */
async function rewrapBatch({ db, keyring, log }: Services, damaged: Set<string>): Promise<number> {
  const earlier = await db.selectFrom('master_key').select('id').where('seals', '=', false).execute()
  const known = earlier.map(({ id }) => id).filter((id) => id !== keyring.sealing.id && keyring.find(id) !== null)
  if (known.length === 0) return 0
  return db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('secret')
      .select(['id', 'master_key_id', 'wrapped_key'])
      .where('master_key_id', 'in', known)
      .where(sql<boolean>`id <> all(${[...damaged]}::text[])`)
      .limit(AT_ONCE)
      .forUpdate()
      .skipLocked()
      .execute()
    if (rows.length === 0) return 0
    const { sealing } = keyring
    const wrapped = rows.flatMap(({ id, master_key_id: from, wrapped_key: key }) => {
      try {
        const dataKey = keyring.find(from)?.unwrap(key)
        return dataKey === undefined ? [] : [{ id, from, hex: Buffer.from(sealing.wrap(dataKey)).toString('hex') }]
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        damaged.add(id)
        log.error({ event: 'masterKey.rewrapFailed', secretId: id, masterKeyId: from })
        return []
      }
    })
    // Hex, because arrays of bytes are written in another way by each driver.
    await sql`update secret set master_key_id = ${sealing.id}, wrapped_key = decode(fresh.hex, 'hex')
      from unnest(${wrapped.map(({ id }) => id)}::text[], ${wrapped.map(({ from }) => from)}::text[],
        ${wrapped.map(({ hex }) => hex)}::text[]) as fresh (id, from_key, hex)
      where secret.id = fresh.id and secret.master_key_id = fresh.from_key`.execute(trx)
    return rows.length
  })
}
