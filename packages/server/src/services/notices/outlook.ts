/**
 * What becomes of an expiring certificate without its owner: it renews by itself, can be reissued at no charge, or cannot be renewed at all. A
 * notice says that instead of advising to renew it now.
 *
 * @module
 */
import { findCertificate } from '../../db/certificates.ts'
import type { NoticeOutlook } from '../../db/notice-tables.ts'
import type { Trx } from '../../db/transition.ts'
import { decideRenewal, type RenewalDecision, type RenewalReasonCode } from '../../domain/certificate/decide-renewal.ts'
import type { Services } from '../context.ts'
import { foreseeManaged } from '../managed-foresight.ts'
import { toManagementView } from '../management-view.ts'
import type { NoticeSubject } from './facts.ts'

/** Null: nothing, unless somebody renews it by hand. */
export async function loadOutlook(
  services: Services,
  trx: Trx,
  { accountId, certificateId }: NoticeSubject,
): Promise<NoticeOutlook | null> {
  const record = await findCertificate(trx, accountId, certificateId)
  if (record === null) return null
  const foreseen = (await foreseeManaged(services, trx, [record])).get(record.id) ?? null
  const management = toManagementView(services, record, foreseen)
  if (management === null || (management.nextAction === null && management.problem === null)) {
    return byHand(decideRenewal(record.facts, services.now(), services.policy))
  }
  const at = management.at === null ? null : Date.parse(management.at)
  if (management.problem !== null) return { does: 'blocked', at, detail: management.problem.detail }
  const isRenewal = management.nextAction === 'renew'
  const does = !isRenewal ? 'reissues' : foreseen === null ? 'renews' : 'heldUp'
  return { does, at, detail: null, foreseen: foreseen?.text ?? null }
}

/** Null: it is renewed by hand, or expired. */
function byHand({ action, reasons, opensAt }: RenewalDecision): NoticeOutlook | null {
  if (action === 'reissue') return { does: 'reissueByHand', at: null, detail: null }
  const find = (code: RenewalReasonCode) => reasons.find((reason) => reason.code === code)
  if (find('certificateExpired') !== undefined) return null
  const brand = find('renewalBrandUnsupported')?.facts['brand'] ?? null
  if (brand !== null) return { does: 'buyAnew', at: null, detail: String(brand) }
  return find('renewalNotYetOpen') === undefined ? null : { does: 'renewsLater', at: opensAt, detail: null }
}
