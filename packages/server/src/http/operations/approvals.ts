/**
 * Four eyes: each operation one line to its service.
 *
 * @module
 */
import { approve, explain, refuse, withdraw } from '../../services/approvals/decide.ts'
import { changeRules } from '../../services/approvals/gate.ts'
import { listApprovals, loadApproval } from '../../services/approvals/list.ts'
import { loadRules } from '../../services/approvals/rules.ts'
import { operations } from './operation.ts'

export const approvals = {
  list: operations.approvals.list.handler(({ context: { services, caller }, input }) => listApprovals(services, caller, input)),
  get: operations.approvals.get.handler(({ context: { services, caller }, input }) => loadApproval(services, caller, input.id)),
  approve: operations.approvals.approve.handler(({ context: { services, caller }, input }) =>
    approve(services, caller, input.id),
  ),
  refuse: operations.approvals.refuse.handler(({ context: { services, caller }, input }) =>
    refuse(services, caller, input.id, input.reason),
  ),
  explain: operations.approvals.explain.handler(({ context: { services, caller }, input }) =>
    explain(services, caller, input.id, input.why),
  ),
  withdraw: operations.approvals.withdraw.handler(({ context: { services, caller }, input }) =>
    withdraw(services, caller, input.id),
  ),
}

export const rules = {
  get: operations.rules.get.handler(({ context: { services, caller } }) => loadRules(services.db, caller.accountId)),
  set: operations.rules.set.handler(({ context: { services, caller }, input }) => changeRules(services, caller, input)),
}
