/**
 * The audit log: each operation one line to its service.
 *
 * @module
 */
import { exportAudit, listCheckpoints, verifyAudit } from '../../services/audit/chain.ts'
import { listAudit } from '../../services/audit/list.ts'
import { operations } from './operation.ts'

export const audit = {
  list: operations.audit.list.handler(({ context: { services, caller }, input }) => listAudit(services, caller, input)),
  checkpoints: operations.audit.checkpoints.handler(({ context: { services }, input }) => listCheckpoints(services, input)),
  verify: operations.audit.verify.handler(({ context: { services }, input }) => verifyAudit(services, input.checkpoint)),
  export: operations.audit.export.handler(({ context: { services, caller }, input }) => exportAudit(services, caller, input)),
}
