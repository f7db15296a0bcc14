/**
 * Rotation of the master key while everything works: a new key seals, records are wrapped anew in the background, and a key goes once no
 * record needs it. The steps of a rotation are rows; a crash leaves nothing but less to do.
 *
 * @module
 */
import { sql } from 'kysely'
import type { KeyHealthView, MasterKeysView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { MasterKey } from '../ports/secrets.ts'
import type { Services } from './context.ts'
import { findSealingKeyId, SILENT_SECONDS } from './keyring.ts'

/**
 * Seals with another key from now on: one that was put beside the others, else one that is made.
 *
 * @throws AppError `masterKeyNotReady` when there is none, or a running node does not have it; `masterKeyUnderWay` while records are
 * under an earlier key
 */
export async function rotateMasterKey(services: Services): Promise<MasterKeysView> {
  const { db, keyring, log } = services
  await refuseUnfinished(db)
  await keyring.keys.reload()
  const next = (await findUnused(services))[0] ?? (await makeKey(services))
  await db.transaction().execute(async (trx) => {
    await lockKeys(trx)
    await refuseUnfinished(trx)
    const lacking = (await listOthers(trx, keyring.node)).filter((other) => !other.key_ids.includes(next.id))
    if (lacking.length > 0)
      throw notEverywhere(
        next.id,
        lacking.map(({ node }) => node),
      )
    await trx.updateTable('master_key').set({ seals: false }).where('seals', '=', true).execute()
    await trx
      .insertInto('master_key')
      .values({ id: next.id, seals: true, since: sql`now()` })
      .execute()
  })
  keyring.sealWith(next)
  log.info({ event: 'masterKey.rotated', masterKeyId: next.id })
  return viewMasterKeys(services)
}

/** What this node has and no database row knows, in the order in which it stands there. */
async function findUnused({ db, keyring }: Pick<Services, 'db' | 'keyring'>): Promise<MasterKey[]> {
  const known = await db
    .selectFrom('master_key')
    .select('id')
    .unionAll(db.selectFrom('removed_master_key').select('id'))
    .execute()
  const ids = new Set(known.map(({ id }) => id))
  return keyring.keys.list().filter(({ id }) => !ids.has(id))
}

async function makeKey({ keyring: { keys } }: Services): Promise<MasterKey> {
  if (keys.kind !== 'setting') return keys.add()
  throw new AppError(
    'masterKeyNotReady',
    `Rotating the master key: ${keys.place} holds no key that was not used yet: put a new one beside the old, on every node, and try again.`,
  )
}

/** One change at a time, and no node begins meanwhile. Secrets are sealed all the same. */
async function lockKeys(trx: Trx): Promise<void> {
  await sql`lock table master_key, master_key_holder in share row exclusive mode`.execute(trx)
}

async function refuseUnfinished(db: Db | Trx): Promise<void> {
  const left = await db
    .selectFrom('secret')
    .innerJoin('master_key', 'master_key.id', 'secret.master_key_id')
    .select('master_key.id')
    .where('master_key.seals', '=', false)
    .limit(1)
    .executeTakeFirst()
  if (left === undefined) return
  throw new AppError(
    'masterKeyUnderWay',
    `Rotating the master key: records are still under ${left.id}: wait until "evercert keys status" says none.`,
  )
}

function notEverywhere(id: string, nodes: readonly string[]): AppError {
  return new AppError(
    'masterKeyNotReady',
    `Rotating the master key: ${nodes.join(', ')} ${nodes.length === 1 ? 'does' : 'do'} not have the new key ${id}: copy it there, and try again.`,
    { facts: { masterKeyId: id, nodes } },
  )
}

async function listOthers(db: Db | Trx, node: string) {
  return db
    .selectFrom('master_key_holder')
    .select(['node', 'key_ids', 'sealing_id', 'seen_at', 'away_since'])
    .where('seen_at', '>', sql<Date>`now() - make_interval(secs => ${SILENT_SECONDS})`)
    .where('node', '<>', node)
    .orderBy('node')
    .execute()
}

/**
 * Removes a key that no record needs: from the database, after which none can be stored under it, and then from the file. Repeating it is fine.
 *
 * @throws AppError `notFound`, `masterKeyInUse`
 */
export async function removeMasterKey(services: Services, id: string): Promise<MasterKeysView> {
  const { db, keyring, now, log } = services
  await db.transaction().execute(async (trx) => {
    await lockKeys(trx)
    const key = await trx.selectFrom('master_key').select('seals').where('id', '=', id).executeTakeFirst()
    if (key === undefined) return refuseUnknown(trx, id)
    if (key.seals) throw inUse(id, 'new secrets are sealed with it: rotate first')
    const behind = (await listOthers(trx, keyring.node)).find(({ sealing_id: sealing }) => sealing === id || sealing === null)
    if (behind !== undefined) throw inUse(id, `node ${behind.node} may still seal with it: try again in a minute`)
    const records = await countRecords(trx, id)
    if (records > 0) throw inUse(id, `${records} records are under it: wait until "evercert keys status" says none`, records)
    await trx.deleteFrom('master_key').where('id', '=', id).execute()
    await trx
      .insertInto('removed_master_key')
      .values({ id, removed_at: new Date(now()) })
      .execute()
  })
  await keyring.keys.drop(id)
  log.info({ event: 'masterKey.removed', masterKeyId: id })
  return viewMasterKeys(services)
}

async function refuseUnknown(trx: Trx, id: string): Promise<void> {
  const removed = await trx.selectFrom('removed_master_key').select('id').where('id', '=', id).executeTakeFirst()
  if (removed === undefined)
    throw new AppError('notFound', `Looking up master key ${id}: there is none: see "evercert keys status".`)
}

function inUse(id: string, why: string, records = 0): AppError {
  return new AppError('masterKeyInUse', `Removing master key ${id}: ${why}.`, { facts: { masterKeyId: id, records } })
}

async function countRecords(db: Db | Trx, id: string): Promise<number> {
  const { records } = await db
    .selectFrom('secret')
    .select(({ fn }) => fn.countAll<number | string>().as('records'))
    .where('master_key_id', '=', id)
    .executeTakeFirstOrThrow()
  return Number(records)
}

/** Where each key stands, and which node has which. */
export async function viewMasterKeys(services: Services): Promise<MasterKeysView> {
  const { db, keyring, now } = services
  const rows = await db.selectFrom('master_key').select(['id', 'seals', 'since']).orderBy('since', 'desc').execute()
  const keys: MasterKeysView['keys'] = []
  const placeOf = (id: string) => {
    const key = keyring.keys.list().find((each) => each.id === id)
    return { place: key?.place ?? null, isOurs: key?.isOurs ?? false, isInToken: key?.isInToken ?? false }
  }
  for (const { id, seals, since } of rows) {
    const records = await countRecords(db, id)
    keys.push({ id, state: seals ? 'seals' : 'opens', records, since: since.toISOString(), ...placeOf(id) })
  }
  const unused = (await findUnused(services)).map(
    ({ id }) => ({ id, state: 'unused', records: 0, since: null, ...placeOf(id) }) as const,
  )
  const needed = keys.filter(({ state, records }) => state === 'seals' || records > 0).map(({ id }) => id)
  const lacks = (ids: readonly string[]) => [...needed, ...unused.map(({ id }) => id)].filter((id) => !ids.includes(id))
  const lacking = new Map([[keyring.node, lacks(keyring.keys.list().map(({ id }) => id))]])
  for (const { node, key_ids: ids } of await listOthers(db, keyring.node)) lacking.set(node, lacks(ids))
  return {
    id: rows.find(({ seals }) => seals)?.id ?? keyring.sealing.id,
    kind: keyring.keys.kind,
    place: keyring.keys.place,
    at: new Date(now()).toISOString(),
    remaining: keys.reduce((sum, { state, records }) => (state === 'opens' ? sum + records : sum), 0),
    keys: [...keys, ...unused],
    removable: keys.filter(({ state, records }) => state === 'opens' && records === 0).map(({ id }) => id),
    nodes: (await viewKeyHealth(services)).nodes.map((node) => ({ ...node, lacks: lacking.get(node.node) ?? [] })),
  }
}

/** Whether the keys of each node can be used; cheap enough to be asked all the time. */
export async function viewKeyHealth({ db, keyring }: Services): Promise<KeyHealthView> {
  const toInstant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
  const own = { node: keyring.node, isHere: true, awaySince: toInstant(keyring.awaySince) }
  const others = (await listOthers(db, keyring.node)).map(({ node, away_since: since }) => ({
    node,
    isHere: false,
    awaySince: toInstant(since?.getTime() ?? null),
  }))
  return { place: keyring.keys.place, nodes: [own, ...others] }
}

/** What another node, or the operator, changed: what seals, and keys that are gone. */
export async function followMasterKeys({ db, keyring, log }: Services): Promise<void> {
  const sealingId = await findSealingKeyId(db)
  if (sealingId === null || sealingId === keyring.sealing.id) return
  const key = await keyring.find(sealingId)
  if (key !== null) return keyring.sealWith(key)
  // What is sealed with the key of before is wrapped anew by the others.
  log.error({ event: 'masterKey.missing', masterKeyId: sealingId, place: keyring.keys.place })
}

/** A key that was removed on another node leaves this node's file, too. What a crash left in the token leaves it. */
export async function dropRemovedKeys({ db, keyring }: Services): Promise<void> {
  const all = keyring.keys.list()
  const ids = all.filter(({ isOurs }) => isOurs).map(({ id }) => id)
  if (all.length < 2 || ids.length === 0) return
  const removed = await db.selectFrom('removed_master_key').select('id').where('id', 'in', ids).execute()
  for (const { id } of removed) await keyring.keys.drop(id)
}
