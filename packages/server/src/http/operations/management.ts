/**
 * Managed certificates: each operation one line to its service.
 *
 * @module
 */
import { manageWithinRules } from '../../services/approvals/within-rules.ts'
import { stopManaging } from '../../services/management.ts'
import { operations } from './operation.ts'

export const management = {
  start: operations.management.start.handler(({ context: { services, caller }, input }) =>
    manageWithinRules(services, caller, input),
  ),
  stop: operations.management.stop.handler(({ context: { services, caller }, input }) =>
    stopManaging(services, caller, input.id),
  ),
}
