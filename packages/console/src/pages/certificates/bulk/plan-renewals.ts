/**
 * What renewing many would cost, from the quotes of each, and which cannot be renewed and why.
 *
 * @module
 */
import type { CertificateView, MoneyView, QuoteView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import type { TFunction } from 'i18next'
import { api } from '../../../api/client.ts'
import { joinSentences } from '../../../components/join-list.ts'
import { pick } from '../../../i18n/i18n.ts'
import type { LeftOut } from './report-csv.ts'
import type { BulkItem } from './run-bulk.ts'

export interface PlannedRenewal extends BulkItem {
  /** Ordered already and not paid; null: still to be ordered. */
  readonly orderId: string | null
  /** For an uploaded certificate; null: what was bought before. */
  readonly productId: string | null
  readonly price: MoneyView
  /** Null for an order that was placed before. */
  readonly quote: QuoteView | null
}

type Planned = PlannedRenewal | LeftOut

export const isPlanned = (one: Planned): one is PlannedRenewal => 'price' in one

/** An upload does not say how it was bought. */
export function needsProduct({ origin, renewal, nextStep }: CertificateView): boolean {
  return origin === 'uploaded' && renewal.eligible && renewal.action === 'renew' && nextStep.code !== 'pay'
}

/** @param productId for uploaded certificates; null: those are left out. @throws TypeError when the service is away */
export async function planRenewal(certificate: CertificateView, productId: string | null, t: TFunction): Promise<Planned> {
  const { id, name, renewal, nextStep } = certificate
  const leave = (reason: string): LeftOut => ({ certificateId: id, name, reason })
  if (renewal.action === 'reissue') return leave(t('bulk.reissueReason'))
  try {
    if (nextStep.code === 'pay') return await planPayment(certificate, t)
    if (!renewal.eligible) {
      const [first] = renewal.reasons
      return leave(first === undefined ? t('certificates.noRenewReason') : pick(first.text))
    }
    if (needsProduct(certificate) && productId === null) return leave(t('bulk.productReason'))
    const chosen = needsProduct(certificate) ? productId : null
    const quote = await api.quotes.create({ renewsCertificateId: id, ...(chosen !== null && { productId: chosen }) })
    return { id, certificateId: id, name, orderId: null, productId: chosen, price: quote.price, quote }
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error
    return leave(joinSentences([pick(error.problem.cause), pick(error.problem.remedy)]))
  }
}

/** An order that was placed before, by whomever, is paid, unless somebody pays it in another way. */
async function planPayment({ id, name }: CertificateView, t: TFunction): Promise<Planned> {
  const { renewalProcess } = await api.certificates.get({ id })
  if (renewalProcess === null) return { certificateId: id, name, reason: t('certificates.noRenewReason') }
  const { orderId } = renewalProcess
  const [order, payments] = await Promise.all([api.orders.get({ id: orderId }), api.payments.list({ orderId })])
  if (order.state !== 'placed' || payments.items.some(({ state, place }) => state === 'created' && place !== null)) {
    return { certificateId: id, name, reason: t('bulk.beingPaidReason') }
  }
  return { id, certificateId: id, name, orderId, productId: null, price: order.price, quote: null }
}
