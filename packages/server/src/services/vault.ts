/**
 * Secrets at rest: AES-256-GCM, a data key for each record, wrapped by the master key. The record's id and purpose are bound in, so
 * that a ciphertext moved to another row does not open.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../db/connect.ts'
import { writeLater } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { formatId } from '../domain/id.ts'
import { createDataKeys } from './data-keys.ts'
import type { Keyring } from './keyring.ts'

export type SecretPurpose =
  | 'privateKey'
  | 'issuerConfig'
  | 'issuerAccount'
  | 'dnsConfig'
  | 'targetConfig'
  | 'channelConfig'
  | 'paymentConfig'
  | 'caKeys'
  | 'document'
  | 'signIn'
  | 'providerSecret'
  | 'receiptKey'

export interface Vault {
  /** Before a transaction that stores so many secrets: a token is asked now, not then. @throws AppError `masterKeyAway` */
  prepare(count: number): Promise<void>
  /** Stores a secret and returns its id. */
  seal(
    db: Db | Trx,
    secret: { purpose: SecretPurpose; accountId: string | null; plaintext: string; now: number },
  ): Promise<string>
  /** Stores many in one statement and returns their ids in the same order. Each has a data key of its own, as with {@link seal}. */
  sealMany(
    db: Db | Trx,
    secrets: { purpose: SecretPurpose; accountId: string | null; plaintexts: readonly string[]; now: number },
  ): Promise<string[]>
  /** @throws AppError `notFound`, `misconfigured` (another master key, or altered) */
  open(db: Db | Trx, id: string, purpose: SecretPurpose): Promise<string>
}

const IV_BYTES = 12
const TAG_BYTES = 16

export function createVault(keyring: Pick<Keyring, 'sealing' | 'find'>): Vault {
  const dataKeys = createDataKeys(keyring)
  const sealOne = async (purpose: SecretPurpose, plaintext: string, now: number) => {
    const id = formatId('sec', now, randomBytes(16))
    const { masterKeyId, plain, wrapped } = await dataKeys.take()
    return { id, masterKeyId, wrappedKey: wrapped, ciphertext: encrypt(plain, `${id}:${purpose}`, plaintext) }
  }
  return {
    prepare: (count) => dataKeys.prepare(count),
    seal: async (db, { purpose, accountId, plaintext, now }) => {
      const { id, masterKeyId, wrappedKey, ciphertext } = await sealOne(purpose, plaintext, now)
      const insert = db.insertInto('secret').values({
        id,
        account_id: accountId,
        purpose,
        master_key_id: masterKeyId,
        wrapped_key: wrappedKey,
        ciphertext,
        created_at: new Date(now),
      })
      await writeLater(db, insert)
      return id
    },
    sealMany: async (db, { purpose, accountId, plaintexts, now }) => {
      const sealed = await Promise.all(plaintexts.map((plaintext) => sealOne(purpose, plaintext, now)))
      // Hex, because arrays of bytes are written in another way by each driver.
      await sql`insert into secret (id, account_id, purpose, master_key_id, wrapped_key, ciphertext, created_at)
        select id, ${accountId}, ${purpose}, master_key_id, decode(wrapped_key, 'hex'), decode(ciphertext, 'hex'),
          ${new Date(now)}::timestamptz
        from unnest(${sealed.map(({ id }) => id)}::text[], ${sealed.map(({ masterKeyId }) => masterKeyId)}::text[],
          ${sealed.map(({ wrappedKey }) => toHex(wrappedKey))}::text[],
          ${sealed.map(({ ciphertext }) => toHex(ciphertext))}::text[]) as sealed (id, master_key_id, wrapped_key, ciphertext)`.execute(
        db,
      )
      return sealed.map(({ id }) => id)
    },
    open: async (db, id, purpose) => {
      const row = await db
        .selectFrom('secret')
        .select(['master_key_id', 'wrapped_key', 'ciphertext'])
        .where('id', '=', id)
        .where('purpose', '=', purpose)
        .executeTakeFirst()
      if (row === undefined) throw new AppError('notFound', `Opening secret ${id}: there is none of this purpose.`)
      const masterKey = await keyring.find(row.master_key_id)
      if (masterKey === null) {
        throw new AppError(
          'misconfigured',
          `Opening a secret: it belongs to another master key (${row.master_key_id}), which this node does not have: copy it here.`,
        )
      }
      return decrypt(await masterKey.unwrap(row.wrapped_key), `${id}:${purpose}`, row.ciphertext)
    },
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

function encrypt(dataKey: Uint8Array, boundTo: string, plaintext: string): Uint8Array {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', dataKey, iv)
  cipher.setAAD(Buffer.from(boundTo))
  return Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

function decrypt(dataKey: Uint8Array, boundTo: string, sealed: Uint8Array): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(boundTo))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new AppError('misconfigured', 'Opening a secret: it was altered: restore the database from a backup.', { cause })
  }
}
