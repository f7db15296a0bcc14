/**
 * The built-in CA's durable memory, in our database; its keys go through the vault.
 *
 * @module
 */
import { sql, type Selectable } from 'kysely'
import type { Db } from '../db/connect.ts'
import type { CaOrderTable } from '../db/builtin-ca-tables.ts'
import { toDate, toMs } from '../db/time.ts'
import type { BuiltinAuthority, BuiltinCaStore, BuiltinOrder } from '../ports/kit.ts'
import type { Vault } from './vault.ts'

interface AuthorityKeys {
  readonly rootKeyPkcs8Pem: string
  readonly intermediateKeyPkcs8Pem: string
}

const ORDER_COLUMNS = [
  'id',
  'authority_id',
  'reference',
  'version',
  'state',
  'not_after',
  'challenges',
  'serial',
  'csr_sha256',
  'not_before',
  'chain_pem',
  'refusal',
  'subject',
  'revoked_at',
  'revocation_reason',
] as const

export function createBuiltinCaStore(db: Db, vault: Vault, now: () => number): BuiltinCaStore {
  const loadAuthority = (id: string) => findAuthority(db, vault, id)
  return {
    loadOrCreateAuthority: async (id, make) => {
      const existing = await loadAuthority(id)
      if (existing !== null) return existing
      const made = await make()
      const inserted = await insertAuthority(db, vault, { id, authority: made, now: now() })
      return inserted ? made : ((await loadAuthority(id)) ?? made)
    },
    insertOrder: async (order) => {
      await db
        .insertInto('ca_order')
        .values(toRow(order))
        .onConflict((conflict) => conflict.columns(['authority_id', 'reference']).doNothing())
        .execute()
      const row = await db
        .selectFrom('ca_order')
        .select(ORDER_COLUMNS)
        .where('authority_id', '=', order.authorityId)
        .where('reference', '=', order.reference)
        .executeTakeFirstOrThrow()
      return fromRow(row)
    },
    loadOrder: async (authorityId, id) => {
      const row = await db
        .selectFrom('ca_order')
        .select(ORDER_COLUMNS)
        .where('authority_id', '=', authorityId)
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : fromRow(row)
    },
    updateOrder: async (order) => {
      const { id, authority_id, reference, ...changes } = toRow(order)
      const result = await db
        .updateTable('ca_order')
        .set({ ...changes, version: order.version + 1 })
        .where('id', '=', id)
        .where('authority_id', '=', authority_id)
        .where('reference', '=', reference)
        .where('version', '=', order.version)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },
    findIssued: async (authorityId, serialHex) => {
      const row = await db
        .selectFrom('ca_order')
        .select(ORDER_COLUMNS)
        .where('authority_id', '=', authorityId)
        .where('serial', '=', serialHex)
        .executeTakeFirst()
      return row === undefined ? null : fromRow(row)
    },
    listRevoked: async (authorityId) => {
      const rows = await db
        .selectFrom('ca_order')
        .select(['serial', 'revoked_at', 'revocation_reason'])
        .where('authority_id', '=', authorityId)
        .where('revoked_at', 'is not', null)
        .orderBy('revoked_at')
        .execute()
      return rows.flatMap((row) =>
        row.serial === null || row.revoked_at === null
          ? []
          : [{ serialHex: row.serial, revokedAt: toMs(row.revoked_at), reason: row.revocation_reason ?? 0 }],
      )
    },
  }
}

async function findAuthority(db: Db, vault: Vault, id: string): Promise<BuiltinAuthority | null> {
  const row = await db
    .selectFrom('ca_authority')
    .select(['root_pem', 'intermediate_pem', 'keys_secret_id'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return null
  const keys = JSON.parse(await vault.open(db, row.keys_secret_id, 'caKeys')) as AuthorityKeys
  return { rootPem: row.root_pem, intermediatePem: row.intermediate_pem, ...keys }
}

/** False when another process made the authority meanwhile. */
async function insertAuthority(
  db: Db,
  vault: Vault,
  { id, authority, now }: { readonly id: string; readonly authority: BuiltinAuthority; readonly now: number },
): Promise<boolean> {
  const { rootPem, intermediatePem, rootKeyPkcs8Pem, intermediateKeyPkcs8Pem } = authority
  const keys: AuthorityKeys = { rootKeyPkcs8Pem, intermediateKeyPkcs8Pem }
  return db.transaction().execute(async (trx) => {
    const secretId = await vault.seal(trx, { purpose: 'caKeys', accountId: null, plaintext: JSON.stringify(keys), now })
    const result = await trx
      .insertInto('ca_authority')
      .values({ id, root_pem: rootPem, intermediate_pem: intermediatePem, keys_secret_id: secretId, created_at: new Date(now) })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows === 1n) return true
    await trx.deleteFrom('secret').where('id', '=', secretId).execute()
    return false
  })
}

function toRow(order: BuiltinOrder) {
  return {
    id: order.id,
    authority_id: order.authorityId,
    reference: order.reference,
    version: order.version,
    state: order.state,
    not_after: new Date(order.notAfter),
    challenges: sql<string>`${JSON.stringify(order.challenges)}::jsonb`,
    serial: order.serialHex,
    csr_sha256: order.csrSha256,
    not_before: toDate(order.notBefore),
    chain_pem: order.chainPem,
    refusal: order.refusal,
    subject: order.subject === null ? null : sql<string>`${JSON.stringify(order.subject)}::jsonb`,
    revoked_at: toDate(order.revokedAt),
    revocation_reason: order.revocationReason,
  }
}

function fromRow(row: Selectable<CaOrderTable>): BuiltinOrder {
  return {
    id: row.id,
    authorityId: row.authority_id,
    reference: row.reference,
    version: row.version,
    state: row.state,
    notAfter: toMs(row.not_after),
    challenges: row.challenges,
    serialHex: row.serial,
    csrSha256: row.csr_sha256,
    notBefore: toMs(row.not_before),
    chainPem: row.chain_pem,
    refusal: row.refusal,
    subject: row.subject,
    revokedAt: toMs(row.revoked_at),
    revocationReason: row.revocation_reason,
  }
}
