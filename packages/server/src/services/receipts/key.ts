/**
 * The key that signs receipts: made when it is first needed, its private half in the vault.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { jwkThumbprint, type PublicJwk } from '@evercert/pki'
import { AppError } from '../../domain/errors.ts'
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
  const jwk = publicJwkOf(publicKey)
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

const trusted = new WeakMap<Services, Map<string, PublicJwk>>()

/**
 * Every key that signed a receipt, as a JWK set (RFC 7517 §5); public. What the database says of a key is not believed: it is that of the sealed
 * private key, which nobody puts there without the master key. A key that is another, or cannot be opened, is none of ours.
 */
export async function loadReceiptKeys(services: Services): Promise<{ readonly keys: readonly object[] }> {
  const rows = await services.db.selectFrom('receipt_key').select(['id', 'secret_id']).orderBy('created_at').execute()
  const known = trusted.get(services) ?? new Map<string, PublicJwk>()
  trusted.set(services, known)
  const keys: object[] = []
  for (const { id, secret_id: secretId } of rows) {
    const jwk = known.get(`${id} ${secretId}`) ?? (await openPublicKey(services, { id, secretId }))
    if (jwk === null) continue
    known.set(`${id} ${secretId}`, jwk)
    keys.push({ ...jwk, kid: id, use: 'sig', alg: 'EdDSA' })
  }
  return { keys }
}

async function openPublicKey(
  { db, vault, log }: Services,
  { id, secretId }: { readonly id: string; readonly secretId: string },
): Promise<PublicJwk | null> {
  try {
    const jwk = publicJwkOf(createPublicKey(await vault.open(db, secretId, 'receiptKey')))
    if (jwkThumbprint(jwk) === id) return jwk
  } catch (error) {
    if (!(error instanceof AppError) || !['misconfigured', 'notFound'].includes(error.code)) throw error
  }
  log.error({ event: 'receiptKey.forged', keyId: id })
  return null
}

function publicJwkOf(key: KeyObject): PublicJwk {
  const { kty = '', crv = '', x = '' } = key.export({ format: 'jwk' })
  return { kty, crv, x }
}
