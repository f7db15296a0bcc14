/**
 * The work of an agent as people see it.
 *
 * @module
 */
import type { AgentStatement, AgentWorkView } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'

/** Each may bring a long log. */
const MAX_SHOWN = 20

/** Newest first. */
export async function listWork(db: Db, accountId: string, agentId: string): Promise<AgentWorkView[]> {
  const rows = await db
    .selectFrom('agent_work')
    .leftJoin('deployment', (join) =>
      join.onRef('deployment.id', '=', 'agent_work.deployment_id').onRef('deployment.account_id', '=', 'agent_work.account_id'),
    )
    .leftJoin('target', (join) =>
      join.onRef('target.id', '=', 'deployment.target_id').onRef('target.account_id', '=', 'deployment.account_id'),
    )
    .select([
      'agent_work.id',
      'agent_work.kind',
      'agent_work.site',
      'agent_work.certificate_id',
      'agent_work.sha256',
      'agent_work.state',
      'agent_work.created_at',
      'agent_work.leased_at',
      'agent_work.expires_at',
      'agent_work.statement',
      'target.name as target_name',
    ])
    .where('agent_work.account_id', '=', accountId)
    .where('agent_work.agent_id', '=', agentId)
    .orderBy('agent_work.created_at', 'desc')
    .orderBy('agent_work.id', 'desc')
    .limit(MAX_SHOWN)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    site: row.site,
    certificateId: row.certificate_id,
    targetName: row.target_name,
    sha256: row.sha256,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    takenAt: row.leased_at?.toISOString() ?? null,
    expiresAt: row.expires_at.toISOString(),
    report: row.statement === null ? null : toReport(row.statement),
  }))
}

/** It was checked when it was taken. */
function toReport(statement: string): AgentWorkView['report'] {
  const { at, outcome, problem, install, restore, log } = JSON.parse(statement) as AgentStatement
  const evidence = install ?? restore
  return {
    at,
    outcome,
    problem,
    changed: evidence?.changed ?? null,
    reloaded: evidence?.reloaded ?? null,
    log: [...(evidence?.log ?? log)],
  }
}
