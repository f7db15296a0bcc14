/**
 * The second loop: finds certificates that are due without a job and enqueues them. It repairs what a crash left, and costs by what is due.
 *
 * @module
 */
import { sumUpTallies } from '../db/certificate-tally.ts'
import { forgetOldDeviceLogins } from './access/device-logins.ts'
import { forgetOldRequests } from './access/request-windows.ts'
import { forgetOldSignIns } from './access/sign-in-failures.ts'
import { expireApprovals } from './approvals/expire.ts'
import type { Services } from './context.ts'
import { expireUnpaidOrders } from './unpaid-orders.ts'

const MAX_PER_SCAN = 1000
const IDEMPOTENCY_KEY_LIFE_MS = 7 * 86_400_000

/** Enqueues what is due and has no job. @returns how many certificates */
export async function scanDue(services: Services): Promise<number> {
  const lost = await services.queue.findLost(services.now(), MAX_PER_SCAN)
  await services.queue.sendMany(lost)
  return lost.length
}

/** Housekeeping: dead workers' jobs and leases, orders that nobody paid, counts that were added, idempotency keys of last week, sessions that
 * ended. */
export async function tidyUp(services: Services): Promise<void> {
  await services.queue.releaseDead()
  await services.reloads.tidy()
  await expireUnpaidOrders(services)
  await expireApprovals(services)
  await sumUpTallies(services.db)
  await forgetOldSignIns(services)
  await forgetOldRequests(services)
  await forgetOldDeviceLogins(services)
  await services.db
    .deleteFrom('idempotency_key')
    .where('created_at', '<', new Date(services.now() - IDEMPOTENCY_KEY_LIFE_MS))
    .execute()
}
