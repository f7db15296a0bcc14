/**
 * The one sentence that every order shows: what is to be done about its money, by whom, and until when.
 *
 * @module
 */
import type { Bilingual, OrderView } from '@evercert/contract'
import type { OrderState } from '../domain/order/order-machine.ts'
import { formatMoney, type Money } from '../domain/payment/money.ts'
import type { PaymentState } from '../domain/payment/payment-machine.ts'
import { formatInstant } from './texts.ts'

type NextStep = OrderView['nextStep']

export const UNPAID_ORDER_LIFE_MS = 24 * 3_600_000

export interface OrderStepFacts {
  readonly state: OrderState
  readonly kind: 'new' | 'renewal'
  readonly price: Money
  /** Epoch milliseconds, as all of them. */
  readonly placedAt: number
  /** By a connection: the one that is open, else the newest; null when nobody began. */
  readonly payment: {
    readonly state: PaymentState
    /** Why its money went to the balance. */
    readonly reason: string | null
    readonly isInvoice: boolean
    readonly expiresAt: number | null
    readonly lastReceipt: Money | null
  } | null
}

function step(code: string, mover: NextStep['mover'], text: Bilingual, at: number | null = null): NextStep {
  return { code, mover, text, at: at === null ? null : new Date(at).toISOString() }
}

/** Of an order that was paid. */
export const PAID_STEP: NextStep = step('useCertificate', 'user', {
  en: 'It is paid: go on with its certificate.',
  zh: '订单已支付，请继续办理证书。',
})

export function orderStep(facts: OrderStepFacts): NextStep {
  const { state, payment } = facts
  if (state === 'placed') return unpaidStep(facts)
  if (state === 'paid') return PAID_STEP
  if (state !== 'refunded' && payment?.state === 'credited') return creditedStep(payment.lastReceipt)
  return step('none', 'nobody', { en: 'Nothing: the order is over.', zh: '无后续操作：订单已结束。' })
}

function creditedStep(received: Money | null): NextStep {
  const [en, zh] = received === null ? ['The money that came in', '已收款项'] : [formatMoney(received), formatMoney(received)]
  return step('moneyOnBalance', 'user', {
    en: `The order is over. ${en} that came in for it is on the balance: use it for another order, or ask the operator to pay it back.`,
    zh: `订单已结束。${zh} 已转入余额，可用于其他订单，或联系管理员退回。`,
  })
}

function unpaidStep({ price, placedAt, payment, kind }: OrderStepFacts): NextStep {
  const closesAt = placedAt + UNPAID_ORDER_LIFE_MS
  if (payment?.state === 'created') return openStep(payment, kind)
  if (payment?.state === 'credited') return payAgainStep(payment, price, closesAt)
  const when = formatInstant(closesAt)
  const text = {
    en: `Pay it until ${when}, or cancel it: unpaid it closes by itself then.`,
    zh: `请在 ${when} 前支付或取消；逾期未支付将自动关闭。`,
  }
  return step('pay', 'user', text, closesAt)
}

/** Whoever waits with the money must know what waits with them. */
function openStep({ isInvoice, expiresAt }: NonNullable<OrderStepFacts['payment']>, kind: OrderStepFacts['kind']): NextStep {
  const when = expiresAt === null ? null : formatInstant(expiresAt)
  const held: Bilingual =
    kind === 'renewal'
      ? {
          en: ' Until then the old certificate has no other renewal: cancel the order to renew it in another way.',
          zh: '在此之前旧证书不能另行续费：如需以其他方式续费，请取消订单。',
        }
      : { en: ' It can be cancelled until it is paid.', zh: '支付完成前可以取消订单。' }
  const text = isInvoice
    ? { en: `Transfer the money of the invoice until ${when ?? '-'}.`, zh: `请在 ${when ?? '-'} 前按账单转账。` }
    : { en: `Finish the payment that was begun, until ${when ?? '-'}.`, zh: `请在 ${when ?? '-'} 前完成已发起的支付。` }
  return step(isInvoice ? 'transfer' : 'finishPaying', 'user', { en: text.en + held.en, zh: text.zh + held.zh }, expiresAt)
}

function payAgainStep({ lastReceipt }: NonNullable<OrderStepFacts['payment']>, price: Money, closesAt: number): NextStep {
  const came = lastReceipt === null ? '-' : formatMoney(lastReceipt)
  const [asked, when] = [formatMoney(price), formatInstant(closesAt)]
  const text = {
    en: `${came} came in where ${asked} were to be paid: it is on the balance, and the order is not paid. Pay ${asked} until ${when}, from the balance or in another way, or cancel the order; to have the money back, ask the operator.`,
    zh: `应付 ${asked}，实收 ${came}：款项已转入余额，订单仍未支付。请在 ${when} 前使用余额或其他方式支付 ${asked}，或取消订单；如需退回款项，请联系管理员。`,
  }
  return step('payAgain', 'user', text, closesAt)
}
