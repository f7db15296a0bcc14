/**
 * Managed certificates: each operation one line to its service.
 *
 * @module
 */
import { passGate } from '../../services/approvals/gate.ts'
import { startManaging, stopManaging } from '../../services/management.ts'
import { operations } from './operation.ts'

export const management = {
  start: operations.management.start.handler(async ({ context: { services, caller }, input }) => {
    await passGate(services, caller, { operation: 'management.start', input })
    return startManaging(services, caller, input.id, input.spendingLimit)
  }),
  stop: operations.management.stop.handler(({ context: { services, caller }, input }) =>
    stopManaging(services, caller, input.id),
  ),
}
