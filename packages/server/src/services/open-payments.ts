/**
 * Payments that are still open when their order is decided in another way.
 *
 * @module
 */
import { writeLater } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'

/**
 * The order was paid otherwise, cancelled, or expired: what is open at providers is ended by the next round (provider-payments/poll.ts),
 * and money that still comes goes to the balance.
 */
export async function leaveOpenPayments(
  trx: Trx,
  orderId: string,
  { accountId, now }: { readonly accountId: string; readonly now: number },
): Promise<void> {
  const poll = trx
    .updateTable('payment')
    .set({ poll_at: new Date(now) })
    .where('account_id', '=', accountId)
    .where('order_id', '=', orderId)
    .where('connection_id', 'is not', null)
    .where('state', '=', 'created')
  await writeLater(trx, poll)
}
