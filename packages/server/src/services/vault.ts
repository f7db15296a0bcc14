/**
 * Secrets at rest: AES-256-GCM, a data key for each record, wrapped by the master key. The record's id and purpose are bound in, so
 * that a ciphertext moved to another row does not open.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
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

export interface ManySecrets {
  readonly purpose: SecretPurpose
  readonly plaintexts: readonly string[]
  readonly now: number
}

/** Sealed, and not stored yet. */
export interface PreparedSecret {
  readonly id: string
  readonly masterKeyId: string
  readonly wrappedKey: Uint8Array
  readonly ciphertext: Uint8Array
}

/** They were prepared before the master key changed: prepare them anew, outside the transaction. */
export class StaleSecrets extends Error {
  constructor() {
    super('the master key changed after the secrets were prepared')
  }
}

export interface Vault {
  /** Stores a secret and returns its id. */
  seal(
    db: Db | Trx,
    secret: { purpose: SecretPurpose; accountId: string | null; plaintext: string; now: number },
  ): Promise<string>
  /**
   * Many, each with a data key of its own, to be stored afterwards: it takes time, and need not hold up a transaction. A token is asked one thing
   * after the other.
   *
   * @throws AppError `masterKeyAway`
   */
  prepareMany(secrets: ManySecrets): Promise<PreparedSecret[]>
  /** In one statement, without asking a token; gives their ids in the same order. @throws StaleSecrets */
  storeMany(
    db: Db | Trx,
    secrets: Omit<ManySecrets, 'plaintexts'> & {
      readonly accountId: string | null
      readonly prepared: readonly PreparedSecret[]
    },
  ): Promise<string[]>
  /** @throws AppError `notFound`, `misconfigured` (another master key, or altered) */
  open(db: Db | Trx, id: string, purpose: SecretPurpose): Promise<string>
}

const ID_BYTES = 16
const IV_BYTES = 12
const TAG_BYTES = 16

export function createVault(keyring: Pick<Keyring, 'sealing' | 'find'>): Vault {
  const dataKeys = createDataKeys(keyring)
  const sealOne = async (purpose: SecretPurpose, plaintext: string, now: number): Promise<PreparedSecret> => {
    const random = randomBytes(ID_BYTES + IV_BYTES) // at once: each call costs as much as the cipher
    const id = formatId('sec', now, random.subarray(0, ID_BYTES))
    const { masterKeyId, plain: dataKey, wrapped: wrappedKey } = await dataKeys.take()
    const ciphertext = encrypt({ dataKey, iv: random.subarray(-IV_BYTES), boundTo: `${id}:${purpose}`, plaintext })
    return { id, masterKeyId, wrappedKey, ciphertext }
  }
  const prepareMany: Vault['prepareMany'] = async ({ purpose, plaintexts, now }) => {
    await dataKeys.prepare(plaintexts.length)
    const prepared: PreparedSecret[] = []
    for (const plaintext of plaintexts) prepared.push(await sealOne(purpose, plaintext, now))
    return prepared
  }
  const storeMany: Vault['storeMany'] = async (db, { prepared: sealed, purpose, now, accountId }) => {
    if (sealed.some(({ masterKeyId }) => masterKeyId !== keyring.sealing.id)) throw new StaleSecrets()
    const insert = sql`insert into secret (id, account_id, purpose, master_key_id, wrapped_key, ciphertext, created_at)
      select id, ${accountId}, ${purpose}, master_key_id, wrapped_key, ciphertext, ${new Date(now)}::timestamptz
      from unnest(${sealed.map(({ id }) => id)}::text[], ${sealed.map(({ masterKeyId }) => masterKeyId)}::text[],
        ${sealed.map(({ wrappedKey }) => wrappedKey)}::bytea[], ${sealed.map(({ ciphertext }) => ciphertext)}::bytea[])
        as sealed (id, master_key_id, wrapped_key, ciphertext)`
    await writeLater(db, insert.compile(db))
    return sealed.map(({ id }) => id)
  }
  return {
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
    prepareMany,
    storeMany,
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

interface Encryption {
  readonly dataKey: Uint8Array
  /** Never used twice with a data key, which itself is used once. */
  readonly iv: Uint8Array
  readonly boundTo: string
  readonly plaintext: string
}

function encrypt({ dataKey, iv, boundTo, plaintext }: Encryption): Uint8Array {
  // Node takes bytes for a key as well, in five times the time.
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(dataKey), iv)
  cipher.setAAD(Buffer.from(boundTo))
  return Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

function decrypt(dataKey: Uint8Array, boundTo: string, sealed: Uint8Array): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(dataKey), sealed.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(boundTo))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new AppError('misconfigured', 'Opening a secret: it was altered: restore the database from a backup.', { cause })
  }
}
