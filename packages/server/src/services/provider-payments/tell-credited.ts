/**
 * Money that paid no order, or more than it: the payer's account is told, and where a provider reported it the operator, who alone can pay back.
 *
 * @module
 */
import type { OrderView } from '@evercert/contract'
import type { CreditedMoney } from '../../db/notice-tables.ts'
import type { HistoryFacts, Trx } from '../../db/transition.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { planAccountNotice } from '../notices/plan.ts'
import type { PaymentRow } from './payments.ts'

interface Subject {
  readonly payment: PaymentRow
  readonly order: OrderView
  readonly facts: HistoryFacts
}

/** In the transaction that credits it, which happens once for each receipt. */
export async function tellCredited(
  services: Services,
  trx: Trx,
  { payment, order, facts }: Subject,
  credited: Pick<CreditedMoney, 'reason' | 'received' | 'credited'>,
): Promise<void> {
  const { accountId } = facts
  const price = { amountMinor: payment.amount_minor, currency: payment.currency }
  const money = { ...credited, orderId: order.id, paymentId: payment.id, price, account: null }
  const happened = { kind: 'moneyCredited', certificateId: null, detail: null, subject: order.id } as const
  const occasion = `${payment.id}:${credited.reason}`
  await planAccountNotice(services, trx, { ...happened, accountId, occasion, money })
  if (facts.actor !== EVERCERT_ACTOR) return // an operator recorded it, and sees what became of it
  const operatorAccountId = await findOperatorAccount(trx)
  if (operatorAccountId === accountId) return
  const account = await trx.selectFrom('account').select(['id', 'name']).where('id', '=', accountId).executeTakeFirstOrThrow()
  await planAccountNotice(services, trx, {
    ...happened,
    accountId: operatorAccountId,
    occasion,
    money: { ...money, account },
  })
}

/** The installation's first account is the operator's own. */
async function findOperatorAccount(trx: Trx): Promise<string> {
  const { id } = await trx
    .selectFrom('account')
    .select('id')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow()
  return id
}
