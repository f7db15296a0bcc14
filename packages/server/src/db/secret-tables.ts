/**
 * Sealed secrets, and the master keys that wrap their data keys.
 *
 * @module
 */
export interface SecretTable {
  id: string
  account_id: string | null
  purpose: string
  master_key_id: string
  wrapped_key: Uint8Array
  ciphertext: Uint8Array
  created_at: Date
}

export interface MasterKeyTable {
  id: string
  /** True for one: it wraps the data keys of new secrets. */
  seals: boolean
  since: Date
}

export interface RemovedMasterKeyTable {
  id: string
  removed_at: Date
}

export interface MasterKeyHolderTable {
  node: string
  key_ids: string[]
  /** What the node seals with. Null: it has just begun. */
  sealing_id: string | null
  /** By the database's clock. */
  seen_at: Date
  /** Its token has not answered since then; null: it answers, or there is none. By the node's clock. */
  away_since: Date | null
}
