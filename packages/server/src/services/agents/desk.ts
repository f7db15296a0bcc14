/**
 * Where a deployment hands work to an agent and takes its report: one piece of work for each try.
 *
 * @module
 */
import { agentStatement, type AgentStatement } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import { AppError } from '../../domain/errors.ts'
import type { AgentDesk, AgentOrder } from '../../ports/kit.ts'
import type { Services } from '../context.ts'
import { ringFor } from './bell.ts'
import { queueWork } from './queue-work.ts'
import { expireWork } from './work.ts'

/** The deployment that work is done for. */
export interface DeploymentTry {
  readonly deploymentId: string
  readonly certificateId: string
  /** How often it failed before. */
  readonly round: number
  /** Told how many lines of what was reported are in its log already. */
  readonly onTold: (lines: number) => void
}

/** @param attempt null where a target is only looked at */
export function createAgentDesk(services: Services, accountId: string, attempt: DeploymentTry | null): AgentDesk {
  return {
    ask: async (order) => {
      if (attempt === null) throw new AppError('internal', 'Handing work to an agent: there is no deployment that it belongs to.')
      return ask(services, accountId, attempt, order)
    },
    findSite: async (name, site) => {
      const agent = await findAgent(services.db, accountId, name)
      if (agent === null) throw new AppError('invalid', `Looking up agent ${name}: ${NO_AGENT}`)
      const known = agent.sites.find((one) => one.name === site)
      if (known === undefined && agent.observed_at !== null) {
        const names = agent.sites.map((one) => one.name).join(', ')
        throw new AppError(
          'invalid',
          `Looking up site ${site} of agent ${name}: its configuration has none of this name, but ${names === '' ? 'no site at all' : names}: add it on the host.`,
        )
      }
      return { sha256: known?.sha256 ?? null }
    },
  }
}

const NO_AGENT = 'the account has no active agent of this name: enrol it with "evercert agent enroll".'

/** The active one of the name. */
export async function findAgent(db: Db, accountId: string, name: string) {
  const row = await db
    .selectFrom('agent')
    .select(['id', 'sites', 'observed_at', 'last_seen_at'])
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .where('state', '=', 'active')
    .executeTakeFirst()
  return row ?? null
}

/** Looked at again this often even if nobody tells, so that work that takes too long is called off in time. */
const LOOK_AGAIN_MS = 60_000

async function ask(services: Services, accountId: string, attempt: DeploymentTry, order: AgentOrder): Promise<AgentStatement> {
  const { db } = services
  const now = services.now()
  const found = await findWork(db, accountId, attempt, order)
  if (found !== null && found.statement !== null) {
    attempt.onTold(found.live_lines)
    return agentStatement.parse(JSON.parse(found.statement))
  }
  const agent = await findAgent(db, accountId, order.agent)
  const who = `agent ${order.agent}`
  if (agent === null) throw new AppError('deployRefused', `Deploying by ${who}: ${NO_AGENT}`)
  if (found === null) {
    await handOver(services, accountId, attempt, { ...order, agentId: agent.id })
    ringFor(agent.id)
    throw waiting(who, { now, expiresAt: now + order.timeoutMs, takenAt: null }, agent)
  }
  if (found.agent_id !== agent.id) {
    throw new AppError('deployRefused', `Deploying by ${who}: it was revoked and enrolled anew meanwhile: deploy again.`)
  }
  const expiresAt = found.expires_at.getTime()
  if (found.state !== 'expired' && expiresAt > now) throw waiting(who, { now, expiresAt, takenAt: found.leased_at }, agent)
  if (found.state !== 'expired') await expireWork(services, found, 'it took too long')
  throw tooLate(who, found, agent)
}

interface Seen {
  readonly last_seen_at: Date | null
}

export const seenText = ({ last_seen_at: at }: Seen): string => (at === null ? 'never seen' : `last seen ${secondOf(at)}`)
export const secondOf = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`

interface Work {
  readonly leased_at: Date | null
  readonly created_at: Date
  readonly expires_at: Date
}

function tooLate(who: string, { leased_at: takenAt, created_at: from, expires_at: to }: Work, agent: Seen): AppError {
  const what = takenAt === null ? 'did not take the work' : 'took the work and did not report'
  const minutes = Math.round((to.getTime() - from.getTime()) / 60_000)
  return new AppError(
    'agentAway',
    `Deploying by ${who}: it ${what} within ${minutes} minutes (${seenText(agent)}): start it on the host, then deploy again.`,
  )
}

interface Wait {
  readonly now: number
  readonly expiresAt: number
  readonly takenAt: Date | null
}

function waiting(who: string, { now, expiresAt, takenAt }: Wait, agent: Seen): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil(Math.min(LOOK_AGAIN_MS, expiresAt - now) / 1_000))
  const seen = seenText(agent)
  return takenAt === null
    ? new AppError('agentAway', `Waiting for ${who} to take the work (${seen}).`, { pending: true, retryAfterSeconds })
    : new AppError('agentAway', `Waiting for ${who}, which took the work at ${secondOf(takenAt)}, to report (${seen}).`, {
        pending: true,
        retryAfterSeconds,
      })
}

async function findWork(db: Db, accountId: string, { deploymentId, round }: DeploymentTry, { kind }: AgentOrder) {
  const row = await db
    .selectFrom('agent_work')
    .select([
      'id',
      'account_id',
      'agent_id',
      'deployment_id',
      'application_id',
      'certificate_id',
      'site',
      'state',
      'statement',
      'leased_at',
      'created_at',
      'expires_at',
      'live_lines',
    ])
    .where('account_id', '=', accountId)
    .where('deployment_id', '=', deploymentId)
    .where('kind', '=', kind)
    .where('round', '=', round)
    .executeTakeFirst()
  return row ?? null
}

async function handOver(
  services: Services,
  accountId: string,
  { deploymentId, certificateId, round }: DeploymentTry,
  { agentId, agent, kind, site, sha256, again, timeoutMs }: AgentOrder & { readonly agentId: string },
): Promise<void> {
  await queueWork(services, agent, {
    account_id: accountId,
    agent_id: agentId,
    certificate_id: certificateId,
    deployment_id: deploymentId,
    application_id: null,
    kind,
    site,
    sha256,
    round,
    again,
    expires_at: new Date(services.now() + timeoutMs),
  })
}
