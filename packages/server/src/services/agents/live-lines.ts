/**
 * What an agent says while it works, shown after the log of the deployment. It is a service to whoever watches: what is lost, late or comes twice changes
 * nothing, since the signed report has all of it. No part of that log: of a lease that ended without a report nothing unsigned stays.
 *
 * @module
 */
import { MAX_LIVE_LINES } from '@evercert/contract'
import { sql } from 'kysely'
import { notFound, type Caller, type Services } from '../context.ts'
import { agentIdOf } from './agent-caller.ts'

export interface LiveLines {
  readonly workId: string
  readonly lease: string
  /** Which line of the log the first of these is. */
  readonly from: number
  readonly lines: readonly string[]
}

/** @returns how many lines of the log are there now; the agent goes on from that @throws AppError `notFound` */
export function takeLiveLines(services: Services, caller: Caller, { workId, lease, from, lines }: LiveLines): Promise<number> {
  return services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('agent_work')
      .select(['deployment_id', 'state', 'lease', 'kind', 'round', 'live_lines', 'live_log'])
      .where('account_id', '=', caller.accountId)
      .where('agent_id', '=', agentIdOf(caller))
      .where('id', '=', workId)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) throw notFound('work', workId)
    const { deployment_id: deploymentId, live_lines: before, live_log: log } = row
    const told = before + log.length
    const news = lines.slice(Math.max(0, told - from)).slice(0, MAX_LIVE_LINES - told)
    const isItsTurn = row.state === 'leased' && row.lease === lease && from <= told
    if (!isItsTurn || news.length === 0 || deploymentId === null) return told
    const { numUpdatedRows } = await trx
      .updateTable('deployment')
      .set({ updated_at: new Date(services.now()) })
      .where('account_id', '=', caller.accountId)
      .where('id', '=', deploymentId)
      .where('state', '=', row.kind === 'install' ? 'planned' : 'applied')
      .where('failures', '=', row.round)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) return told
    await trx
      .updateTable('agent_work')
      .set({ live_log: sql`live_log || ${JSON.stringify(news)}::jsonb` })
      .where('account_id', '=', caller.accountId)
      .where('id', '=', workId)
      .execute()
    return told + news.length
  })
}

/** Of the deployment in the query, while its present try is with an agent, or was reported and is not recorded yet. */
export const LIVE_LOG = sql<readonly string[] | null>`(select w.live_log from agent_work w
  where w.account_id = deployment.account_id and w.deployment_id = deployment.id and w.state in ('leased', 'reported')
    and w.round = deployment.failures and w.kind = case deployment.state when 'planned' then 'install' when 'applied' then 'restore' end)`
