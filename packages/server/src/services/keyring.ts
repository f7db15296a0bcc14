/**
 * The master keys of this node, and which of them seals. The database says which, so that all nodes seal with the same.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Database, Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { MasterKey, MasterKeys } from '../ports/secrets.ts'

export interface Keyring {
  readonly keys: MasterKeys
  /** Of this process, for people: machine, process, and something that no other has. */
  readonly node: string
  readonly sealing: MasterKey
  /** Looks where the keys are kept before it gives null. */
  find(id: string): Promise<MasterKey | null>
  /** From now on new secrets are sealed with it. */
  sealWith(key: MasterKey): void
  /** Since when what holds the keys has not answered, in epoch milliseconds; null: it answers. */
  awaySince: number | null
}

/**
 * Announces this node, and takes what seals from the database; in a new one the first key does.
 *
 * @throws AppError `misconfigured` without a key that the database needs
 */
export async function openKeyring({ kind, db }: Pick<Database, 'kind' | 'db'>, keys: MasterKeys, node: string): Promise<Keyring> {
  // Nobody else has the embedded database open: who is in the table was killed.
  if (kind === 'embedded') await db.deleteFrom('master_key_holder').execute()
  else await announce(db, { node, keys, sealingId: null, awaySince: null }) // before it looks: whoever changes what seals sees it, or it sees the change
  const sealingId = (await findSealingKeyId(db)) ?? (await beginSealing(db, keys))
  const find = (id: string): MasterKey | null => keys.list().find((key) => key.id === id) ?? null
  const missing = (await findNeededKeyIds(db)).filter((id) => find(id) === null)
  let sealing = find(sealingId)
  if (sealing === null || missing.length > 0) throw lacksKey(keys.place, sealing === null ? [sealingId] : missing)
  return {
    keys,
    node,
    get sealing() {
      return sealing as MasterKey
    },
    find: async (id) => {
      const known = find(id)
      if (known !== null) return known
      await keys.reload()
      return find(id)
    },
    sealWith: (key) => {
      sealing = key
    },
    awaySince: null,
  }
}

function lacksKey(place: string, ids: readonly string[]): AppError {
  return new AppError(
    'misconfigured',
    `Reading the master key: the database was sealed with another than what ${place} holds (${ids.join(', ')}): restore it, or copy it from a node that runs.`,
  )
}

/** Two nodes may start at the same moment: the first one's key seals. */
async function beginSealing(db: Db, keys: MasterKeys): Promise<string> {
  const [first] = keys.list()
  if (first === undefined) throw new Error('there is no master key')
  await db
    .insertInto('master_key')
    .values({ id: first.id, seals: true, since: sql`now()` })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return (await findSealingKeyId(db)) ?? first.id
}

/** The master key that new secrets are sealed with; null in a database that no service has used. */
export async function findSealingKeyId(db: Db | Trx): Promise<string | null> {
  const row = await db.selectFrom('master_key').select('id').where('seals', '=', true).executeTakeFirst()
  return row?.id ?? null
}

/** Without any of these something could not be opened, or sealed. */
export async function findNeededKeyIds(db: Db | Trx): Promise<string[]> {
  const rows = await db
    .selectFrom('master_key')
    .select('id')
    .where((key) =>
      key.or([
        key('seals', '=', true),
        key.exists(key.selectFrom('secret').select('secret.id').whereRef('secret.master_key_id', '=', 'master_key.id')),
      ]),
    )
    .orderBy('since')
    .execute()
  return rows.map(({ id }) => id)
}

/** Tells the other nodes which keys this one has. Not heard of for {@link SILENT_SECONDS}, it counts as gone. */
export async function announce(
  db: Db,
  { node, keys, sealingId, awaySince }: Pick<Keyring, 'node' | 'keys' | 'awaySince'> & { readonly sealingId: string | null },
): Promise<void> {
  const facts = {
    key_ids: keys.list().map(({ id }) => id),
    sealing_id: sealingId,
    seen_at: sql<Date>`now()`,
    away_since: awaySince === null ? null : new Date(awaySince),
  }
  await db
    .insertInto('master_key_holder')
    .values({ node, ...facts })
    .onConflict((conflict) => conflict.column('node').doUpdateSet(facts))
    .execute()
}

/** At a clean end, and of nodes that were killed long ago. */
export async function withdraw({ db }: Pick<Database, 'db'>, node: string): Promise<void> {
  await db
    .deleteFrom('master_key_holder')
    .where((holder) => holder.or([holder('node', '=', node), holder('seen_at', '<', sql<Date>`now() - interval '1 day'`)]))
    .execute()
}

/** Three announcements that did not come. */
export const SILENT_SECONDS = 30
