import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideReceipt, nextPollAt, type ReceiptFacts } from '../../../src/domain/payment/decide-receipt.ts'

const yuan = (amountMinor: number) => ({ amountMinor, currency: 'CNY' })
const facts = (wish: Partial<ReceiptFacts> = {}): ReceiptFacts => ({
  price: yuan(100),
  paymentState: 'created',
  orderPayable: true,
  heldMinor: 0,
  received: yuan(100),
  partial: false,
  ...wish,
})

test.each([
  [{}, { kind: 'settle', surplusMinor: 0 }],
  [{ received: yuan(101) }, { kind: 'settle', surplusMinor: 1 }],
  [{ received: yuan(99) }, { kind: 'credit', reason: 'wrongAmount', amounts: [yuan(99)] }],
  [
    { received: yuan(99), partial: true },
    { kind: 'hold', missingMinor: 1 },
  ],
  [
    { received: yuan(60), partial: true, heldMinor: 40 },
    { kind: 'settle', surplusMinor: 0 },
  ],
  [
    { received: yuan(60), orderPayable: false, heldMinor: 30 },
    { kind: 'credit', reason: 'orderNotPayable', amounts: [yuan(90)] },
  ],
  [
    { received: { amountMinor: 100, currency: 'USD' }, heldMinor: 30 },
    { kind: 'credit', reason: 'wrongCurrency', amounts: [yuan(30), { amountMinor: 100, currency: 'USD' }] },
  ],
  [{ paymentState: 'succeeded' }, { kind: 'credit', reason: 'paymentEnded', amounts: [yuan(100)] }],
  [{ paymentState: 'cancelled' }, { kind: 'credit', reason: 'paymentEnded', amounts: [yuan(100)] }],
] as const)('%j: %j', (wish, expected) => {
  expect(decideReceipt(facts(wish))).toEqual(expected)
})

test('what comes in is what pays, is credited or is held: nothing more, nothing less', () => {
  const anAmount = fc.integer({ min: 1, max: 1000 })
  fc.assert(
    fc.property(anAmount, anAmount, anAmount, fc.boolean(), fc.boolean(), (price, held, received, partial, orderPayable) => {
      const decision = decideReceipt(
        facts({ price: yuan(price), heldMinor: held, received: yuan(received), partial, orderPayable }),
      )
      const out = {
        settle: () => price + (decision.kind === 'settle' ? decision.surplusMinor : 0),
        credit: () => (decision.kind === 'credit' ? decision.amounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0) : 0),
        hold: () => price - (decision.kind === 'hold' ? decision.missingMinor : 0),
      }
      expect(out[decision.kind]()).toBe(held + received)
    }),
  )
})

test('the provider is asked after a minute, then at twice the distance, at most every six hours', () => {
  expect([0, 1, 2, 8, 9, 1000].map((polls) => nextPollAt(0, polls) / 60_000)).toEqual([1, 2, 4, 256, 360, 360])
})
