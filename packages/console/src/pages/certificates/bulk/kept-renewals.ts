/**
 * Renewals that were confirmed, kept in the tab with their idempotency keys until the report is closed: after a reload the same keys go on, and
 * nothing is ordered or paid twice.
 *
 * @module
 */
import type { MoneyView, OrderRequest } from '@evercert/contract'
import { api } from '../../../api/client.ts'
import { drawKey } from '../../../api/idempotency-key.ts'
import { RENEWALS_PLACE, type RenewalsOwner } from '../../../app/kept-drafts.ts'
import type { PlannedRenewal } from './plan-renewals.ts'
import type { LeftOut } from './report-csv.ts'
import type { BulkFacts, BulkItem, BulkOutcome } from './run-bulk.ts'

export interface ConfirmedRenewal extends BulkItem {
  readonly orderId: string | null
  readonly productId: string | null
  readonly price: MoneyView
  readonly orderKey: string
  readonly payKey: string
}

export interface KeptRenewals extends RenewalsOwner {
  readonly items: readonly ConfirmedRenewal[]
  readonly outcomes: Readonly<Record<string, BulkOutcome>>
  readonly leftOut: readonly LeftOut[]
}

/** Keys are drawn once, here: each repetition of an item uses them. */
export function confirmRenewals(planned: readonly PlannedRenewal[]): ConfirmedRenewal[] {
  return planned.map(({ quote: _quote, ...renewal }) => ({ ...renewal, orderKey: drawKey(), payKey: drawKey() }))
}

/** Null: none, or not what this console writes. How they are checked is loaded only when there are some. */
export async function loadKeptRenewals(): Promise<KeptRenewals | null> {
  const text = sessionStorage.getItem(RENEWALS_PLACE)
  if (text === null) return null
  return (await import('./parse-kept-renewals.ts')).parseKeptRenewals(text)
}

export function keepRenewals(renewals: KeptRenewals): void {
  try {
    sessionStorage.setItem(RENEWALS_PLACE, JSON.stringify(renewals))
  } catch {
    // No room: a reload then forgets the keys. An old certificate still has one live renewal at most, and an order is paid once.
  }
}

export function forgetRenewals(): void {
  sessionStorage.removeItem(RENEWALS_PLACE)
}

/** Order and payment from the balance. Safe to repeat. @throws ApiProblem, or the transport's own error when the service is away */
export async function orderAndPay(renewal: ConfirmedRenewal, tell: (facts: BulkFacts) => void): Promise<void> {
  const { certificateId, productId, price, orderKey, payKey } = renewal
  const request: OrderRequest = {
    renewsCertificateId: certificateId,
    ...(productId !== null && { productId }),
    currency: price.currency,
    expectedAmountMinor: price.amountMinor,
  }
  const orderId = renewal.orderId ?? (await api.orders.place(request, { context: { idempotencyKey: orderKey } })).id
  tell({ orderId })
  const paid = await api.orders.pay({ id: orderId, method: 'balance' }, { context: { idempotencyKey: payKey } })
  tell({ paid: paid.price, ...(paid.certificateId !== null && { newCertificateId: paid.certificateId }) })
}
