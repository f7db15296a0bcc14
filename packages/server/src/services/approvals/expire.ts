/**
 * The end of requests that nobody decided on, and of go-aheads that nobody used.
 *
 * @module
 */
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { approvalQuery, moveApproval, OPEN } from './approval-row.ts'
import { tellDecision } from './tell-decision.ts'

const MAX_PER_ROUND = 200

export async function expireApprovals(services: Services): Promise<void> {
  const now = services.now()
  const due = (db: Db | Trx) =>
    approvalQuery(db).where('state', 'in', OPEN).where('expires_at', '<=', new Date(now)).limit(MAX_PER_ROUND)
  if ((await due(services.db).execute()).length === 0) return // most rounds end here
  await services.db.transaction().execute(async (trx) => {
    const rows = await due(trx).forUpdate().skipLocked().execute()
    for (const row of rows) {
      await moveApproval(trx, row, 'expired', { actor: EVERCERT_ACTOR, now })
      await tellDecision(services, trx, row, { outcome: 'expired', detail: null })
    }
  })
}
