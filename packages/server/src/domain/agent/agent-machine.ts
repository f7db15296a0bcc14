/**
 * An agent on a host, and a piece of work that it was handed.
 *
 * @module
 */
import { machine } from '../machine.ts'

export const agentMachine = machine('agent', 'active', { active: ['revoked'], revoked: [] })

/**
 * `leased`: the agent took it; taking it again draws another lease. `expired`: nobody waits for it any more; a report that comes later is kept.
 */
export const agentWorkMachine = machine('agent_work', 'queued', {
  queued: ['leased', 'expired'],
  leased: ['reported', 'expired'],
  expired: ['reported'],
  reported: [],
})

export type AgentState = (typeof agentMachine.states)[number]
export type AgentWorkState = (typeof agentWorkMachine.states)[number]
