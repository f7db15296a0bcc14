/**
 * Deployments that were given back, since as many as may were waiting for their host, go on. Should this process die before, they return by themselves.
 *
 * @module
 */
import type { Services } from '../context.ts'
import { wake } from '../wake.ts'
import type { Returning } from './places.ts'

/** Never rejects: who cannot be told returns by itself. */
export async function letIn(services: Services, who: readonly Returning[]): Promise<void> {
  try {
    await wakeAll(services, who)
  } catch (error) {
    services.log.error({ event: 'deployments.notLetIn', error })
  }
}

async function wakeAll(services: Services, who: readonly Returning[]): Promise<void> {
  const accountIds = [...new Set(who.map(({ accountId }) => accountId))]
  await services.db.transaction().execute(async (trx) => {
    await trx
      .updateTable('deployment')
      .set({ retry_at: new Date(services.now()) })
      .where(
        'id',
        'in',
        who.map(({ deploymentId }) => deploymentId),
      )
      .where('account_id', 'in', accountIds)
      .where('state', '=', 'planned')
      .where('problem_code', '=', 'targetBusy')
      .execute()
    for (const certificateId of new Set(who.map((one) => one.certificateId))) await wake(services, trx, certificateId)
  })
}
