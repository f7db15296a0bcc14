/**
 * What the audit log does by itself: at the start, in rounds, and at the end.
 *
 * @module
 */
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import type { AuditEvent } from './log.ts'
import { retainAudit } from './retention.ts'
import { sealAudit } from './seal.ts'

/** No request takes so long: who began it is not there any more. */
const FORSAKEN_MS = 600_000

/** Nobody else has the embedded database open: what was begun there is over. */
export async function beginAudit(services: Services): Promise<void> {
  if (services.database.kind === 'embedded') await services.audit.settle(null)
}

/** What the start does by the word of who has the data folder. */
export async function recordAtStart<Value>(services: Services, action: string, work: () => Promise<Value>): Promise<Value> {
  const event: AuditEvent = {
    accountId: null,
    actor: EVERCERT_ACTOR,
    actorKind: 'service',
    actorId: null,
    action,
    subject: 'tokens',
    subjectId: null,
    address: null,
    requestId: null,
    details: {},
  }
  const intent = await services.audit.begin(event)
  const value = await work()
  await services.audit.finish(intent, event)
  return value
}

/** One round: little enough that what renews certificates does not wait for it. */
export async function auditRound(services: Services): Promise<void> {
  await services.audit.flush(false)
  await sealAudit(services, { forMs: 0 })
}

export async function tidyAudit(services: Services): Promise<void> {
  await services.audit.settle(new Date(services.now() - FORSAKEN_MS))
  await retainAudit(services)
}

/** After the last request. What cannot be done, since the database is away, is done by the next start. */
export async function endAudit(services: Services): Promise<void> {
  try {
    await services.audit.flush(true)
    await sealAudit(services, { forMs: 1000 })
  } catch (error) {
    services.log.error({ event: 'audit.failed', error })
  }
}
