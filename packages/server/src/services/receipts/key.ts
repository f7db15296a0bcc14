/**
 * The key that signs receipts: made when it is first needed, its private half in the vault.
 *
 * @module
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { jwkThumbprint, type PublicJwk } from '@evercert/pki'
import type { Services } from '../context.ts'

export interface ReceiptKey {
  /** Thumbprint (RFC 7638). */
  readonly id: string
  readonly privateKey: KeyObject
}

const opened = new WeakMap<Services, Promise<ReceiptKey>>()

/** Of two that make it at the same time both get the one that was stored. Not within a transaction. */
export function ensureReceiptKey(services: Services): Promise<ReceiptKey> {
  const known = opened.get(services)
  if (known !== undefined) return known
  const opening = findOrMake(services)
  opened.set(services, opening)
  opening.catch(() => opened.delete(services))
  return opening
}

async function findOrMake(services: Services): Promise<ReceiptKey> {
  const found = await findKey(services)
  if (found !== null) return found
  await makeKey(services)
  const made = await findKey(services)
  if (made === null) throw new Error('the key of receipts was stored and is not there')
  return made
}

async function findKey(services: Services): Promise<ReceiptKey | null> {
  const row = await services.db
    .selectFrom('receipt_key')
    .select(['id', 'secret_id'])
    .where('retired_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return null
  const pem = await services.vault.open(services.db, row.secret_id, 'receiptKey')
  return { id: row.id, privateKey: createPrivateKey(pem) }
}

async function makeKey(services: Services): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { kty = '', crv = '', x = '' } = publicKey.export({ format: 'jwk' })
  const jwk: PublicJwk = { kty, crv, x }
  const plaintext = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    const secretId = await services.vault.seal(trx, { purpose: 'receiptKey', accountId: null, plaintext, now })
    const stored = await trx
      .insertInto('receipt_key')
      .values({
        id: jwkThumbprint(jwk),
        public_jwk: JSON.stringify(jwk),
        secret_id: secretId,
        created_at: new Date(now),
        retired_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    // Somebody else's is there: ours has signed nothing, and goes again.
    if (stored.numInsertedOrUpdatedRows !== 1n) await trx.deleteFrom('secret').where('id', '=', secretId).execute()
  })
}

/** Every key that signed a receipt, as a JWK set (RFC 7517 §5); public. */
export async function loadReceiptKeys(services: Services): Promise<{ readonly keys: readonly object[] }> {
  const rows = await services.db.selectFrom('receipt_key').select(['id', 'public_jwk']).orderBy('created_at').execute()
  return { keys: rows.map(({ id, public_jwk: jwk }) => ({ ...jwk, kid: id, use: 'sig', alg: 'EdDSA' })) }
}
