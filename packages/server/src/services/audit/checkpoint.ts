/**
 * What a batch says of itself against what was signed: its columns are anybody's who writes to the database.
 *
 * @module
 */
import { PkiError, readAuditCheckpoint, type AuditCheckpoint, type PublicJwk } from '@evercert/pki'
import type { Services } from '../context.ts'
import { loadReceiptKeys } from '../receipts/key.ts'

export interface BatchColumns {
  readonly position: number
  /** Of lines, one after the other; the last is that of the checkpoint. */
  readonly hashes: Uint8Array
  readonly jws: string
}

/** Not within a transaction. */
export async function loadCheckpointKeys(services: Services): Promise<readonly PublicJwk[]> {
  return (await loadReceiptKeys(services)).keys as readonly PublicJwk[]
}

export function readCheckpointOrNull(jws: string, keys: readonly PublicJwk[]): AuditCheckpoint | null {
  try {
    return readAuditCheckpoint(jws, keys)
  } catch (error) {
    if (error instanceof PkiError) return null
    throw error
  }
}

/** Null: we did not sign that the chain is there, with this hash. */
export function readBatch({ position, hashes, jws }: BatchColumns, keys: readonly PublicJwk[]): AuditCheckpoint | null {
  const claims = readCheckpointOrNull(jws, keys)
  const hash = Buffer.from(hashes).subarray(-32).toString('hex')
  return claims?.position === Number(position) && claims.hash === hash ? claims : null
}
