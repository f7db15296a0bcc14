/**
 * The port to what holds the master keys. Data keys come and go wrapped; a master key itself never leaves the adapter.
 *
 * @module
 */

/**
 * - `unwrap(wrap(key))` is the key; a wrapped key altered in any byte is refused.
 * - Both reject with AppError `masterKeyAway`, within some seconds, while what holds the key does not answer.
 * - `id` changes with the master key, and stays the same otherwise.
 */
export interface MasterKey {
  readonly id: string
  /** Where it is, for people. */
  readonly place: string
  /** The service keeps it there, and removes it when nothing needs it. Else the operator does. */
  readonly isOurs: boolean
  /** It is in hardware that it never leaves, and so in no backup. */
  readonly isInToken: boolean
  /** @param dataKey 32 bytes */
  wrap(dataKey: Uint8Array): Promise<Uint8Array>
  /** @throws AppError `misconfigured` when the key was wrapped by another master key or altered; never for another reason */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>
}

/**
 * The master keys that this node has. Which of them seals, the database says.
 *
 * - What {@link add} gave is there after any crash.
 * - {@link drop} of a key that is not there, or not the service's to remove, does nothing.
 */
export interface MasterKeys {
  /** Where a new one is made. `file`, `token`: by the service. `setting`: the operator gives them. */
  readonly kind: 'file' | 'setting' | 'token'
  /** Where they are, for people: a path or the name of a setting. */
  readonly place: string
  /** In the order in which they stand; a new installation seals with the first. */
  list(): readonly MasterKey[]
  /** Takes in what changed where they are. @throws AppError `misconfigured`, `masterKeyAway`; the keys of before stay then */
  reload(): Promise<void>
  /** Makes a key beside the others. @throws AppError `misconfigured` where the operator gives them, `masterKeyNotReady` where it cannot be made */
  add(): Promise<MasterKey>
  drop(id: string): Promise<void>
  /** Ends what is open to where they are. */
  close(): Promise<void>
}
