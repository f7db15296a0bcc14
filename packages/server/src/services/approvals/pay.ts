/**
 * Paying from the balance, within what the rules of the account let one person do: whoever tightens them before the money is moved is heard.
 *
 * @module
 */
import type { OrderView } from '@evercert/contract'
import { NO_RULES } from '../../domain/approval/rules.ts'
import type { Caller, Services } from '../context.ts'
import { runOnceWith, type IdempotentCall } from '../idempotency.ts'
import { payAsRead, readPayable } from '../payments.ts'
import { passGate } from './gate.ts'
import { areRules, findRules } from './rules.ts'

/** @throws AppError as `passGate` and `readPayable` */
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
