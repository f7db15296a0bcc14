/**
 * The other end of a renewal that was cancelled.
 *
 * @module
 */
import { recordHistory, type HistoryFacts, type Trx } from '../db/transition.ts'
import type { RenewalState } from '../domain/renewal/renewal-machine.ts'

/** The old one can be renewed again, which its own timeline is to say, with the certificate that was to renew it (the one of `facts`). */
export async function tellOld(
  trx: Trx,
  { certificateId, ...facts }: HistoryFacts,
  { id, state, oldId }: { readonly id: string; readonly state: RenewalState; readonly oldId: string },
): Promise<void> {
  if (certificateId === oldId) return
  await recordHistory(trx, {
    ...facts,
    certificateId: oldId,
    subject: 'renewal',
    subjectId: id,
    fromState: state,
    toState: 'cancelled',
    detail: certificateId,
  })
}
