/**
 * Whether a target is being deployed to: what is put in place is then brought to its end, proved or taken back, before anybody forgets where it is.
 *
 * @module
 */
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { MINUTE_MS } from '../domain/time.ts'

/** Far longer than anything takes: whoever wrote nothing down meanwhile is gone, or does not come to its end. */
export const GIVEN_UP_AFTER_MS = 60 * MINUTE_MS

interface Facts {
  readonly id: string
  readonly updated_at: Date
  readonly state: string
  readonly begun_at: Date | null
  readonly check_until: Date | null
  readonly restore_reason: string | null
  readonly retry_at: Date | null
}

/**
 * Locks the deployments of the target and what of them is for agents, so that none begins before the end of the transaction.
 *
 * @param what is attempted, for the error: `Deleting target shop`
 * @throws AppError `deploymentUnderWay`, whose facts name the deployment
 */
export async function refuseUnderWay(
  trx: Trx,
  accountId: string,
  target: { readonly id: string; readonly name: string },
  { what, now }: { readonly what: string; readonly now: number },
): Promise<void> {
  await lockWork(trx, accountId, target.id)
  const deployments = await trx
    .selectFrom('deployment')
    .select(['id', 'state', 'begun_at', 'check_until', 'restore_reason', 'retry_at', 'updated_at'])
    .where('account_id', '=', accountId)
    .where('target_id', '=', target.id)
    .orderBy('id')
    .forUpdate()
    .execute()
  for (const deployment of deployments) {
    const givenUpAt = new Date(deployment.updated_at.getTime() + GIVEN_UP_AFTER_MS)
    const because = givenUpAt.getTime() > now ? whyUnderWay(deployment) : null
    if (because !== null)
      throw underWay(`${because}, and it is given up at ${secondOf(givenUpAt)} if nothing more is heard of it`)
    const taken = await whyAtAgent(trx, accountId, deployment.id, now)
    if (taken !== null) throw underWay(taken)
    function underWay(why: string): AppError {
      return new AppError(
        'deploymentUnderWay',
        `${what}: its deployment ${deployment.id} is under way: ${why}: see evercert targets log ${target.name}, and do it again when that has ended.`,
        { facts: { deploymentId: deployment.id } },
      )
    }
  }
}

/**
 * Before the deployments, as who reports does. Also what no agent has yet: one that takes it at this very moment has it first, and is seen, or finds it
 * gone.
 */
async function lockWork(trx: Trx, accountId: string, targetId: string): Promise<void> {
  await trx
    .selectFrom('agent_work')
    .innerJoin('deployment', 'deployment.id', 'agent_work.deployment_id')
    .select('agent_work.id')
    .where('agent_work.account_id', '=', accountId)
    .where('deployment.target_id', '=', targetId)
    .where('agent_work.state', 'in', ['queued', 'leased'])
    .orderBy('agent_work.id')
    .forUpdate('agent_work')
    .execute()
}

/** One that waits for its next try touches nothing: a host that is gone for good keeps nobody from deleting. */
function whyUnderWay({
  state,
  begun_at: begunAt,
  check_until: until,
  restore_reason: reason,
  retry_at: retryAt,
}: Facts): string | null {
  if (begunAt !== null) return `the target is being touched since ${secondOf(begunAt)}`
  if (state !== 'applied') return null
  if (reason !== null) return retryAt === null ? 'it is being taken back' : null
  return until === null ? null : `what was put in place is looked at until ${secondOf(until)}`
}

async function whyAtAgent(trx: Trx, accountId: string, deploymentId: string, now: number): Promise<string | null> {
  const row = await trx
    .selectFrom('agent_work')
    .innerJoin('agent', 'agent.id', 'agent_work.agent_id')
    .select(['agent.name', 'agent_work.leased_at'])
    .where('agent_work.account_id', '=', accountId)
    .where('agent_work.deployment_id', '=', deploymentId)
    .where('agent_work.state', '=', 'leased')
    .where('agent_work.expires_at', '>', new Date(now))
    .forUpdate('agent_work')
    .executeTakeFirst()
  if (row === undefined) return null
  return `agent ${row.name} took the work${row.leased_at === null ? '' : ` at ${secondOf(row.leased_at)}`} and has not reported (revoke it if it is gone)`
}

const secondOf = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`
