/**
 * Agents: each operation one line to its service.
 *
 * @module
 */
import { AGENT_KNOWS } from '@evercert/contract/agent-orders'
import { listAgents, loadAgent, observeHost, revokeAgent } from '../../services/agents/agents.ts'
import { agentIdOf } from '../../services/agents/agent-caller.ts'
import { createEnrolment, enrolAgent, listEnrolments, withdrawEnrolment } from '../../services/agents/enrolments.ts'
import { takeLiveLines } from '../../services/agents/live-lines.ts'
import { pollWork, takeReport } from '../../services/agents/work.ts'
import { storeAgentCsr } from '../../services/csrs.ts'
import { onePage, operations } from './operation.ts'

/** A header, since a service of before refuses a field that it does not know, and an agent of before says nothing. */
const knownTo = (headers: Headers): readonly string[] => (headers.get(AGENT_KNOWS) ?? '').split(/[ ,]+/)

export const agents = {
  list: operations.agents.list.handler(async ({ context: { services, caller } }) => onePage(await listAgents(services, caller))),
  get: operations.agents.get.handler(({ context: { services, caller }, input }) => loadAgent(services, caller, input.id)),
  createEnrolment: operations.agents.createEnrolment.handler(({ context: { services, caller, baseUrl }, input }) =>
    createEnrolment(services, caller, input, baseUrl),
  ),
  listEnrolments: operations.agents.listEnrolments.handler(async ({ context: { services, caller } }) =>
    onePage(await listEnrolments(services, caller)),
  ),
  withdrawEnrolment: operations.agents.withdrawEnrolment.handler(({ context: { services, caller }, input }) =>
    withdrawEnrolment(services, caller, input.id),
  ),
  revoke: operations.agents.revoke.handler(({ context: { services, caller }, input }) => revokeAgent(services, caller, input.id)),
  enrol: operations.agents.enrol.handler(({ context: { services }, input }) => enrolAgent(services, input)),
  poll: operations.agents.poll.handler(async ({ context: { services, caller, headers }, input }) => ({
    work: await pollWork(services, caller, { ...input, knows: knownTo(headers) }),
  })),
  log: operations.agents.log.handler(async ({ context: { services, caller }, input }) => ({
    told: await takeLiveLines(services, caller, input),
  })),
  report: operations.agents.report.handler(async ({ context: { services, caller }, input }) => ({
    taken: await takeReport(services, caller, input),
  })),
  storeCsr: operations.agents.storeCsr.handler(async ({ context: { services, caller }, input }) => {
    const { id, name } = await storeAgentCsr(services, { ...caller, agentId: agentIdOf(caller) }, input)
    return { id, name }
  }),
  observe: operations.agents.observe.handler(({ context: { services, caller }, input }) => observeHost(services, caller, input)),
}
