/**
 * Orders that end unpaid: cancelled, expired, or because the certificate that they renew was revoked.
 *
 * @module
 */
import { sql } from 'kysely'
import type { OrderView } from '@evercert/contract'
import { transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { OrderState } from '../domain/order/order-machine.ts'
import { tellOld } from './cancelled-renewal.ts'
import type { Caller, Services } from './context.ts'
import { forgetUnpaid } from './management.ts'
import { leaveOpenPayments } from './open-payments.ts'
import { UNPAID_ORDER_LIFE_MS } from './order-step.ts'
import { returnPromotionUse } from './promotions.ts'
import { loadOrder } from './read-orders.ts'
import { lockOrder } from './renewal-locks.ts'
import { wake } from './wake.ts'

/** Cancels an unpaid order; the old certificate can be renewed again. Idempotent. @throws AppError `notFound`, `conflict` when paid */
export async function cancelOrder(services: Services, caller: Caller, orderId: string): Promise<OrderView> {
  return services.db.transaction().execute(async (trx) => {
    await lockOrder(trx, caller.accountId, orderId)
    const order = await loadOrder(trx, caller, orderId)
    if (order.state === 'cancelled') return order
    const facts = {
      accountId: caller.accountId,
      certificateId: order.renewsCertificateId,
      actor: caller.actor,
      now: services.now(),
    }
    await endUnpaid(services, trx, facts, { id: orderId, from: order.state, to: 'cancelled' })
    return loadOrder(trx, caller, orderId)
  })
}

/**
 * All that an unpaid order holds is free again: the old certificate, which goes on by itself when it is managed, the use of its promotion, and what
 * was begun to pay it with. The caller holds the lock of the lineage.
 *
 * @throws AppError `conflict` when the order is not in `from`, or is not unpaid
 */
export async function endUnpaid(
  services: Services,
  trx: Trx,
  facts: HistoryFacts,
  order: { readonly id: string; readonly from: OrderState; readonly to: 'cancelled' | 'expired' },
): Promise<void> {
  await transition(trx, { ...facts, subject: 'order', ...order })
  const oldId = await cancelRenewalOf(trx, order.id, facts)
  if (oldId !== null) {
    await forgetUnpaid(trx, facts.accountId, oldId)
    await wake(services, trx, oldId)
  }
  await leaveOpenPayments(trx, order.id, facts)
  await returnPromotionUse(trx, order.id)
}

/** Frees the old certificate of a renewal's order. @returns its id, or null when the order was no renewal */
export async function cancelRenewalOf(trx: Trx, orderId: string, facts: HistoryFacts): Promise<string | null> {
  const renewal = await trx
    .selectFrom('renewal')
    .select(['id', 'state', 'old_certificate_id'])
    .where('order_id', '=', orderId)
    .where('account_id', '=', facts.accountId)
    .executeTakeFirst()
  if (renewal === undefined) return null
  const { id, state, old_certificate_id: oldId } = renewal
  await transition(trx, { ...facts, subject: 'renewal', id, from: state, to: 'cancelled' })
  await tellOld(trx, facts, { id, state, oldId })
  return oldId
}

/** Ends orders that nobody paid for a day and nobody is paying, so that an abandoned one does not block its certificate. @returns how many */
export async function expireUnpaidOrders(services: Services): Promise<number> {
  const now = services.now()
  const stale = await services.db
    .selectFrom('order')
    .select(['id', 'account_id', 'renews_certificate_id'])
    .where('state', '=', sql.lit('placed'))
    .where('placed_at', '<=', new Date(now - UNPAID_ORDER_LIFE_MS))
    // An invoice gives more time, and somebody may be paying at this moment.
    .where(
      sql<boolean>`not exists (select 1 from payment where payment.order_id = "order".id
        and payment.state = 'created' and payment.connection_id is not null)`,
    )
    .limit(500)
    .execute()
  for (const order of stale) {
    const facts = { accountId: order.account_id, certificateId: order.renews_certificate_id, actor: 'evercert', now }
    await services.db
      .transaction()
      .execute(async (trx) => {
        await lockOrder(trx, order.account_id, order.id)
        await endUnpaid(services, trx, facts, { id: order.id, from: 'placed', to: 'expired' })
      })
      .catch(unlessConflict) // paid or cancelled at this very moment
  }
  return stale.length
}

function unlessConflict(error: unknown): void {
  if (!(error instanceof AppError && error.code === 'conflict')) throw error
}
