/**
 * How certificates end before their time: each operation one line to its service.
 *
 * @module
 */
import { revokeWithinRules } from '../../services/approvals/within-rules.ts'
import { cancelCertificate, refundCertificate } from '../../services/cancellations.ts'
import { deleteCertificate } from '../../services/deletions.ts'
import { runOnce } from '../../services/idempotency.ts'
import { confirmRevocation, declineRevocation, loadRevocation } from '../../services/revocations.ts'
import { call, operations } from './operation.ts'

export const endings = {
  cancel: operations.certificates.cancel.handler(({ context, input }) =>
    runOnce(context.services, context.caller, call(context, 'certificates.cancel', input), (trx) =>
      cancelCertificate(context.services, trx, context.caller, input),
    ),
  ),
  refund: operations.certificates.refund.handler(({ context, input }) =>
    runOnce(context.services, context.caller, call(context, 'certificates.refund', input), (trx) =>
      refundCertificate(context.services, trx, context.caller, input.id),
    ),
  ),
  revoke: operations.certificates.revoke.handler(({ context: { services, caller }, input }) =>
    revokeWithinRules(services, caller, input),
  ),
  revocation: operations.certificates.revocation.handler(({ context: { services, caller }, input }) =>
    loadRevocation(services.db, caller, input.id),
  ),
  confirmRevocation: operations.certificates.confirmRevocation.handler(({ context: { services, caller }, input }) =>
    confirmRevocation(services, caller, input.id),
  ),
  declineRevocation: operations.certificates.declineRevocation.handler(({ context: { services, caller }, input }) =>
    declineRevocation(services, caller, input.id),
  ),
  remove: operations.certificates.remove.handler(({ context: { services, caller }, input }) =>
    deleteCertificate(services, caller, input),
  ),
}
