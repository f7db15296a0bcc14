import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/domain/errors.ts'
import type { LedgerMovement } from '../../../src/domain/payment/ledger.ts'
import { customerLedgerAccount, ledgerEntries } from '../../../src/domain/payment/ledger.ts'

const aMovement = fc.constantFrom<LedgerMovement>('topUp', 'payment', 'refund')
const anAmount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

describe('ledger', () => {
  test.each([
    ['topUp', [-100, 100], ['cash', 'customer:a1']],
    ['payment', [-100, 100], ['customer:a1', 'revenue']],
    ['refund', [-100, 100], ['revenue', 'customer:a1']],
  ] as const)('%s moves money from one account to another', (kind, amounts, accounts) => {
    const entries = ledgerEntries(kind, { accountId: 'a1', amountMinor: 100, currency: 'CNY' })
    expect(entries.map(({ amountMinor }) => amountMinor)).toEqual(amounts)
    expect(entries.map(({ ledgerAccount }) => ledgerAccount)).toEqual(accounts)
  })

  test('free of charge is two zeros', () => {
    expect(ledgerEntries('payment', { accountId: 'a1', amountMinor: 0, currency: 'CNY' })).toEqual([
      { ledgerAccount: 'customer:a1', amountMinor: 0 },
      { ledgerAccount: 'revenue', amountMinor: 0 },
    ])
  })

  test('every movement sums to zero, on two accounts', () => {
    fc.assert(
      fc.property(aMovement, anAmount, fc.uuid(), (kind, amountMinor, accountId) => {
        const entries = ledgerEntries(kind, { accountId, amountMinor, currency: 'CNY' })
        expect(entries.reduce((sum, entry) => sum + entry.amountMinor, 0)).toBe(0)
        expect(new Set(entries.map(({ ledgerAccount }) => ledgerAccount)).size).toBe(2)
      }),
    )
  })

  test('a balance is the sum of its entries: paid in, less what was bought, plus what was given back', () => {
    const small = fc.integer({ min: 0, max: 1e9 })
    fc.assert(
      fc.property(fc.array(fc.tuple(aMovement, small)), (movements) => {
        const entries = movements.flatMap(([kind, amountMinor]) =>
          ledgerEntries(kind, { accountId: 'a1', amountMinor, currency: 'CNY' }),
        )
        const balance = entries
          .filter(({ ledgerAccount }) => ledgerAccount === customerLedgerAccount('a1'))
          .reduce((sum, { amountMinor }) => sum + amountMinor, 0)
        const expected = movements.reduce(
          (sum, [kind, amountMinor]) => sum + (kind === 'payment' ? -amountMinor : amountMinor),
          0,
        )
        expect(balance + 0).toBe(expected + 0)
      }),
    )
  })

  test.each([-1, 0.5, Number.NaN])('%d cannot be booked', (amountMinor) => {
    expect(() => ledgerEntries('topUp', { accountId: 'a1', amountMinor, currency: 'CNY' })).toThrow(
      expect.objectContaining({ name: AppError.name, code: 'invalid' }),
    )
  })
})
