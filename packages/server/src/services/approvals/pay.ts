/**
 * Paying, within what the rules of the account let one person do: whoever tightens them before the money is moved, or a payment is opened at a provider, is heard.
 *
 * @module
 */
import type { OrderView, PayingOrderView } from '@evercert/contract'
import { NO_RULES } from '../../domain/approval/rules.ts'
import type { Caller, Services } from '../context.ts'
import { runOnceWith, whileStale, type IdempotentCall } from '../idempotency.ts'
import { payAsRead, readPayable } from '../payments.ts'
import { startPayment } from '../provider-payments/start.ts'
import { passGate } from './gate.ts'
import { areRules, findRules } from './rules.ts'

/** From the balance. @throws AppError as `passGate` and `readPayable` */
export function payWithinRules(
  services: Services,
  caller: Caller,
  once: IdempotentCall,
  input: { readonly id: string; readonly method: string },
): Promise<OrderView> {
  const { db } = services
  const { accountId } = caller
  const read = async () => {
    const rules = await findRules(db, accountId)
    await passGate(services, caller, { operation: 'orders.pay', input }, rules ?? NO_RULES)
    return { rules, payable: await readPayable(services, db, caller, input.id) }
  }
  return runOnceWith(services, caller, once, read, (trx, { rules, payable }) =>
    payAsRead(services, trx, caller, payable, areRules(accountId, rules)),
  )
}

/** At a provider. @param input the method is the id of a connection @throws AppError as `passGate` and `startPayment` */
export function startPayingWithinRules(
  services: Services,
  caller: Caller,
  once: IdempotentCall,
  input: { readonly id: string; readonly method: string },
): Promise<PayingOrderView> {
  return whileStale(async () => {
    const useApproval = await passGate(services, caller, { operation: 'orders.pay', input })
    return startPayment(services, caller, once, { orderId: input.id, connectionId: input.method, useApproval })
  })
}
