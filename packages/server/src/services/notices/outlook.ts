/**
 * What becomes of an expiring certificate without its owner: it renews by itself, or can be reissued at no charge. A notice says that instead
 * of advising to buy a renewal.
 *
 * @module
 */
import { findCertificate } from '../../db/certificates.ts'
import type { NoticeOutlook } from '../../db/notice-tables.ts'
import type { Trx } from '../../db/transition.ts'
import { decideRenewal } from '../../domain/certificate/decide-renewal.ts'
import type { Services } from '../context.ts'
import { toManagementView } from '../management-view.ts'
import type { NoticeSubject } from './facts.ts'

/** Null: nothing, unless somebody renews it by hand. */
export async function loadOutlook(
  services: Services,
  trx: Trx,
  { accountId, certificateId, managed, paidOn }: NoticeSubject,
): Promise<NoticeOutlook | null> {
  if (!managed && !paidOn) return null
  const record = await findCertificate(trx, accountId, certificateId)
  if (record === null) return null
  const management = toManagementView(services, record)
  if (management === null || (management.nextAction === null && management.problem === null)) {
    const { action } = decideRenewal(record.facts, services.now(), services.policy)
    return action === 'reissue' ? { does: 'reissueByHand', at: null, detail: null } : null
  }
  const at = management.at === null ? null : Date.parse(management.at)
  if (management.problem !== null) return { does: 'blocked', at, detail: management.problem.detail }
  return { does: management.nextAction === 'renew' ? 'renews' : 'reissues', at, detail: null }
}
