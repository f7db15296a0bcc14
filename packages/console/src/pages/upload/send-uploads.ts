/**
 * Many certificates in requests of a size that the service takes, one after the other.
 *
 * @module
 */
import { MAX_UPLOADS_BYTES, type UploadOutcome } from '@evercert/contract'

export interface UploadEntry {
  readonly name: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** Few enough that somebody who waits sees it go on. */
const BATCH_ENTRIES = 50
const BATCH_BYTES = MAX_UPLOADS_BYTES / 4

/** Entries in the order given; each batch holds one at least. */
export function toBatches(entries: readonly UploadEntry[]): UploadEntry[][] {
  const batches: UploadEntry[][] = []
  let bytes = 0
  for (const entry of entries) {
    const size = entry.certificatePem.length + entry.privateKeyPem.length + entry.name.length
    const last = batches.at(-1)
    if (last === undefined || last.length === BATCH_ENTRIES || bytes + size > BATCH_BYTES) {
      batches.push([entry])
      bytes = size
    } else {
      last.push(entry)
      bytes += size
    }
  }
  return batches
}

/**
 * Sends what there is. When a request fails, what was answered before stays answered: sending the rest again is safe.
 *
 * @param send one request; its outcomes are in the order of its entries
 * @param onBatch is told after each request how many entries are done, and what became of those of the request
 */
export async function sendUploads(
  entries: readonly UploadEntry[],
  send: (batch: readonly UploadEntry[]) => Promise<readonly UploadOutcome[]>,
  onBatch: (done: number, outcomes: readonly UploadOutcome[]) => void,
): Promise<void> {
  let done = 0
  for (const batch of toBatches(entries)) {
    const outcomes = await send(batch)
    done += batch.length
    onBatch(done, outcomes)
  }
}
