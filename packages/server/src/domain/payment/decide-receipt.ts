/**
 * What becomes of money that came in for an order: it pays the order, is held for the rest, or goes to the balance. None of it is lost.
 *
 * @module
 */
import type { Money } from './money.ts'
import type { PaymentState } from './payment-machine.ts'

export interface ReceiptFacts {
  readonly price: Money
  readonly paymentState: PaymentState
  /** The order is placed, and what it renews has not ended. */
  readonly orderPayable: boolean
  /** Held of earlier receipts, in the price's currency. */
  readonly heldMinor: number
  readonly received: Money
  /** The rest may follow: an invoice that is paid in parts. A provider's payment is complete when it says so. */
  readonly partial: boolean
}

export type CreditReason = 'orderNotPayable' | 'paymentEnded' | 'wrongCurrency' | 'wrongAmount'

export type ReceiptDecision =
  /** The order is paid; `surplusMinor` goes to the balance. */
  | { readonly kind: 'settle'; readonly surplusMinor: number }
  /** `amounts` go to the balance. */
  | { readonly kind: 'credit'; readonly reason: CreditReason; readonly amounts: readonly Money[] }
  | { readonly kind: 'hold'; readonly missingMinor: number }

export function decideReceipt(facts: ReceiptFacts): ReceiptDecision {
  const { price, paymentState, heldMinor, received } = facts
  if (paymentState !== 'created') return { kind: 'credit', reason: 'paymentEnded', amounts: [received] }
  if (!facts.orderPayable) return credit(facts, 'orderNotPayable')
  if (received.currency !== price.currency) return credit(facts, 'wrongCurrency')
  const total = heldMinor + received.amountMinor
  if (total >= price.amountMinor) return { kind: 'settle', surplusMinor: total - price.amountMinor }
  return facts.partial ? { kind: 'hold', missingMinor: price.amountMinor - total } : credit(facts, 'wrongAmount')
}

/** Everything that the payment holds leaves it. */
function credit({ heldMinor, received, price }: ReceiptFacts, reason: CreditReason): ReceiptDecision {
  if (received.currency === price.currency) {
    return { kind: 'credit', reason, amounts: [{ amountMinor: heldMinor + received.amountMinor, currency: price.currency }] }
  }
  const held = heldMinor === 0 ? [] : [{ amountMinor: heldMinor, currency: price.currency }]
  return { kind: 'credit', reason, amounts: [...held, received] }
}

const FIRST_POLL_MS = 60_000
const LONGEST_POLL_MS = 6 * 3_600_000

/** When the provider is asked next: a minute after the start, then at twice the distance each time, at most every six hours. Epoch ms. */
export function nextPollAt(now: number, polls: number): number {
  return now + Math.min(LONGEST_POLL_MS, FIRST_POLL_MS * 2 ** Math.min(polls, 20))
}
