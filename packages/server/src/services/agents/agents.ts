/**
 * The agents of an account: who they are, what they told, and their end.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { AgentDetail, AgentFinding, AgentSite, AgentView } from '@evercert/contract'
import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import { SAME } from '../../db/same-account.ts'
import { transition } from '../../db/transition.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { agentIdOf } from './agent-caller.ts'
import { ringFor } from './bell.ts'
import { listWork } from './work-list.ts'
import { endOpenWork } from './work.ts'

function agentQuery(db: Db, accountId: string) {
  return db
    .selectFrom('agent')
    .select([
      'id',
      'name',
      'state',
      'host_name',
      'agent_version',
      'enrolled_at',
      'last_seen_at',
      'revoked_at',
      'observed_at',
      'public_key_pem',
      'sites',
      'findings',
    ])
    .select((builder) =>
      builder
        .selectFrom('agent_work')
        .whereRef('agent_work.agent_id', '=', 'agent.id')
        .whereRef('agent_work.account_id', SAME, 'agent.account_id')
        .where('agent_work.state', 'in', ['queued', 'leased'])
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('open_work'),
    )
    .where('account_id', '=', accountId)
}

type Row = Awaited<ReturnType<ReturnType<typeof agentQuery>['executeTakeFirstOrThrow']>>

/** Active ones first, by name. */
export async function listAgents({ db }: Services, { accountId }: Caller): Promise<AgentView[]> {
  const rows = await agentQuery(db, accountId).orderBy('state').orderBy('name').orderBy('id').limit(1_000).execute()
  return rows.map(toView)
}

/** @throws AppError `notFound` */
export async function loadAgent({ db }: Services, { accountId }: Caller, id: string): Promise<AgentDetail> {
  const row = await agentQuery(db, accountId).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw notFound('agent', id)
  return {
    ...toView(row),
    publicKeySha256: createHash('sha256').update(row.public_key_pem).digest('hex'),
    observedAt: row.observed_at?.toISOString() ?? null,
    sites: row.sites,
    findings: row.findings,
    work: await listWork(db, accountId, id),
  }
}

function toView(row: Row): AgentView {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    hostName: row.host_name,
    version: row.agent_version,
    siteCount: row.sites.length,
    openWork: Number(row.open_work ?? 0),
    enrolledAt: row.enrolled_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}

/** Its credential is good for nothing from now on, and nobody waits for it. A second time it is a no-op. @throws AppError `notFound` */
export async function revokeAgent(services: Services, caller: Caller, id: string): Promise<AgentView> {
  const { state, name } = await loadAgent(services, caller, id)
  if (state === 'active') {
    const now = services.now()
    await services.db.transaction().execute(async (trx) => {
      await transition(trx, {
        subject: 'agent',
        id,
        from: 'active',
        to: 'revoked',
        accountId: caller.accountId,
        certificateId: null,
        actor: caller.actor,
        detail: name,
        now,
        set: { revoked_at: new Date(now) },
      })
      await endOpenWork(services, trx, {
        accountId: caller.accountId,
        agentId: id,
        actor: caller.actor,
        detail: 'the agent was revoked',
      })
    })
  }
  ringFor(id)
  return loadAgent(services, caller, id)
}

export interface HostFacts {
  readonly hostName: string
  readonly version: string
  readonly sites: readonly AgentSite[]
  readonly findings: readonly AgentFinding[]
}

/** What an agent tells of its host takes the place of what it told before. */
export async function observeHost({ db, now }: Services, caller: Caller, facts: HostFacts): Promise<{ observedAt: string }> {
  const at = new Date(now())
  await db
    .updateTable('agent')
    .set({
      host_name: facts.hostName,
      agent_version: facts.version,
      sites: sql`${JSON.stringify(facts.sites)}::jsonb`,
      findings: sql`${JSON.stringify(facts.findings)}::jsonb`,
      observed_at: at,
    })
    .where('account_id', '=', caller.accountId)
    .where('id', '=', agentIdOf(caller))
    .execute()
  return { observedAt: at.toISOString() }
}
