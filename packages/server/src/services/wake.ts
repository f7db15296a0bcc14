/**
 * Waking a certificate: its due time and its job, in the transaction of what made it necessary.
 *
 * @module
 */
import { writeLater } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'
import type { Services } from './context.ts'

/** The scan leaves the job this long before it takes it for lost. */
const LOST_AFTER_MS = 5000

/**
 * The certificate is due now: by its job, and should that be lost, by the scan.
 *
 * @param alsoSet what else of its row changes: each change of a row writes an entry into each of its indexes
 */
export async function wake(
  services: Services,
  trx: Trx,
  certificateId: string,
  alsoSet: { readonly application_id?: string; readonly name?: string; readonly managed?: boolean } = {},
): Promise<void> {
  const due = trx
    .updateTable('certificate')
    .set({ ...alsoSet, advance_at: new Date(services.now() + LOST_AFTER_MS) })
    .where('id', '=', certificateId)
  await writeLater(trx, due)
  await services.queue.send(trx, { certificateId })
}
