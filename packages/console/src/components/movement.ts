/**
 * Movements of money as people read them.
 *
 * @module
 */
import type { MoneyView } from '@evercert/contract'
import { formatMoney } from './money.ts'

/** A movement: what comes in has a plus. */
export function formatMovement(amount: MoneyView): string {
  return formatMoney(amount, 'exceptZero')
}
