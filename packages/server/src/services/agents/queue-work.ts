/**
 * Work for an agent, put where it finds it.
 *
 * @module
 */
import type { Insertable } from 'kysely'
import type { AgentWorkTable } from '../../db/agent-tables.ts'
import { recordHistory } from '../../db/transition.ts'
import { EVERCERT_ACTOR, newId, type Services } from '../context.ts'

/** What it is for, at which try, and until when it may be done. */
export type NewWork = Pick<
  Insertable<AgentWorkTable>,
  | 'account_id'
  | 'agent_id'
  | 'certificate_id'
  | 'deployment_id'
  | 'application_id'
  | 'kind'
  | 'site'
  | 'sha256'
  | 'round'
  | 'again'
  | 'expires_at'
>

/**
 * Only once for each try: whoever does the same at the same time finds it there.
 *
 * @param agent its name, for the timeline
 */
export async function queueWork(services: Services, agent: string, work: NewWork): Promise<void> {
  const now = services.now()
  const id = newId(services, 'wrk')
  await services.db.transaction().execute(async (trx) => {
    const result = await trx
      .insertInto('agent_work')
      .values({
        id,
        ...work,
        state: 'queued',
        lease: null,
        leased_at: null,
        statement: null,
        signature: null,
        created_at: new Date(now),
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) return
    await recordHistory(trx, {
      accountId: work.account_id,
      certificateId: work.certificate_id,
      subject: 'agent_work',
      subjectId: id,
      fromState: null,
      toState: 'queued',
      actor: EVERCERT_ACTOR,
      detail: `${work.kind} ${work.site} by agent ${agent}`,
      now,
    })
  })
}
