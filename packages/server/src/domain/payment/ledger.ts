/**
 * Double entry: every movement of money leaves one ledger account and arrives on another, so that the whole always sums to zero.
 *
 * @module
 */
import { AppError } from '../errors.ts'
import { toMoney } from './money.ts'

/**
 * `topUp`: a customer pays in. `payment`: an order is paid from the balance. `refund`: it is given back to the balance. Through a provider:
 * `receipt`: money for an order comes in and is held. `settlement`: what is held pays the order. `credit`: what is held pays no order and goes
 * to the balance.
 */
export type LedgerMovement = 'topUp' | 'payment' | 'refund' | 'receipt' | 'settlement' | 'credit'

/** Negative where the money leaves, positive where it arrives: a balance is the sum of its entries. Minor units. */
export type LedgerEntry = { readonly ledgerAccount: string; readonly amountMinor: number }

/** Money of the outside world: its balance is minus what was paid in. */
const CASH = 'cash'

const REVENUE = 'revenue'

/** Money that came in for an order of a customer and is neither revenue nor balance yet. */
export function heldLedgerAccount(accountId: string): string {
  return `held:${accountId}`
}

/** What a movement changes on the balance: its sign. */
export function balanceEffect(kind: LedgerMovement): -1 | 0 | 1 {
  if (kind === 'payment') return -1
  return kind === 'receipt' || kind === 'settlement' ? 0 : 1
}

/** The ledger account that holds the balance of a customer's account, in each currency. */
export function customerLedgerAccount(accountId: string): string {
  return `customer:${accountId}`
}

/**
 * The two entries of a movement; they sum to zero. One currency for each movement: the caller stores it beside the entries.
 *
 * @param movement `amountMinor` 0 or more (an order may be free of charge)
 * @throws AppError `invalid` for a negative amount, and as `toMoney` does
 */
export function ledgerEntries(
  kind: LedgerMovement,
  movement: { readonly accountId: string; readonly amountMinor: number; readonly currency: string },
): readonly LedgerEntry[] {
  const { amountMinor } = toMoney(movement.amountMinor, movement.currency)
  if (amountMinor < 0)
    throw new AppError('invalid', `Booking a ${kind}: ${amountMinor} is negative: send the amount without a sign.`)
  const [from, to] = routeOf(kind, movement.accountId)
  return [
    { ledgerAccount: from, amountMinor: 0 - amountMinor },
    { ledgerAccount: to, amountMinor },
  ]
}

/** From which ledger account to which. */
function routeOf(kind: LedgerMovement, accountId: string): readonly [string, string] {
  const [customer, held] = [customerLedgerAccount(accountId), heldLedgerAccount(accountId)]
  switch (kind) {
    case 'topUp':
      return [CASH, customer]
    case 'payment':
      return [customer, REVENUE]
    case 'refund':
      return [REVENUE, customer]
    case 'receipt':
      return [CASH, held]
    case 'settlement':
      return [held, REVENUE]
    case 'credit':
      return [held, customer]
  }
}
