/**
 * Sending a provider's callback to a service under test.
 *
 * @module
 */
import type { PaymentCallback } from '../../src/ports/payment.ts'
import type { TestService } from './service.ts'

export function sendCallback(service: TestService, connectionId: string, callback: PaymentCallback): Promise<Response> {
  return service.fetch(`/callbacks/payments/${connectionId}`, {
    method: 'POST',
    headers: { ...callback.headers },
    body: Buffer.from(callback.body),
  })
}
