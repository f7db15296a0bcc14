/**
 * The port to what holds the master keys. Data keys come and go wrapped; a master key itself never leaves the adapter.
 *
 * @module
 */

/**
 * - `unwrap(wrap(key))` is the key; a wrapped key altered in any byte is refused.
 * - `id` changes with the master key, and stays the same otherwise.
 */
export interface MasterKey {
  readonly id: string
  /** @param dataKey 32 bytes */
  wrap(dataKey: Uint8Array): Promise<Uint8Array>
  /** @throws AppError `misconfigured` when the key was wrapped by another master key or altered */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>
}

/**
 * The master keys that this node has: never none. Which of them seals, the database says.
 *
 * - What {@link add} gave is there after any crash.
 * - {@link drop} of a key that is not there, or not the service's to remove, does nothing.
 */
export interface MasterKeys {
  /** `file`: the service keeps them, and can make one. `setting`: the operator gives them. */
  readonly kind: 'file' | 'setting'
  /** Where they are, for people: a path or the name of a setting. */
  readonly place: string
  /** In the order in which they stand; a new installation seals with the first. */
  list(): readonly MasterKey[]
  /** Takes in what changed where they are. @throws AppError `misconfigured`; the keys of before stay then */
  reload(): Promise<void>
  /** Makes a key beside the others. @throws AppError `misconfigured` where the operator gives them */
  add(): Promise<MasterKey>
  drop(id: string): Promise<void>
}
