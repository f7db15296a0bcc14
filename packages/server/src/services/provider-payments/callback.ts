/**
 * A provider's callback, from signature to books.
 *
 * @module
 */
import type { PaymentCallback } from '../../ports/payment.ts'
import type { Services } from '../context.ts'
import { openPaymentConnection } from '../payment-connections.ts'
import { applyReport } from './settle.ts'

/**
 * Safe to repeat. A signed message about something else is acknowledged and changes nothing: other programs may use the same provider's account.
 *
 * @returns what the provider wants to hear
 * @throws AppError `notFound` (connection), `callbackForged`
 */
export async function readPaymentCallback(services: Services, connectionId: string, callback: PaymentCallback): Promise<string> {
  const { adapter, provider } = await openPaymentConnection(services, connectionId)
  const report = await provider.readCallback(callback)
  if (report !== null && !(await applyReport(services, connectionId, report))) {
    services.log.info({ event: 'payment.unknownCallback', connectionId })
  }
  return adapter.acknowledgement
}
