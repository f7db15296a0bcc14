/**
 * The port to what holds the master key. Data keys come and go wrapped; the master key itself never leaves the adapter.
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
  wrap(dataKey: Uint8Array): Uint8Array
  /** @throws AppError `misconfigured` when the key was wrapped by another master key or altered */
  unwrap(wrapped: Uint8Array): Uint8Array
}
