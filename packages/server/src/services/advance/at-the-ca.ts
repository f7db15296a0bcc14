/**
 * What the effects of an application have in common: its CA, its order there, and how the CA is waited for.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import type { Ca, CaAccount, CaOrder } from '../../ports/ca.ts'
import { openIssuer } from '../catalogue.ts'
import type { Services } from '../context.ts'
import type { Work, WorkingApplication } from './facts.ts'
import { openIssuerAccount } from './issuer-account.ts'
import { plannedNotAfter } from './issuance.ts'

/** Polling in place up to this long; beyond it the job ends and the scan wakes the certificate. */
export const POLL_IN_PLACE_MS = 12_000

export function orderRefOf(application: WorkingApplication): string {
  if (application.orderRef === null)
    throw new AppError('conflict', `Advancing ${application.id}: it has no order at the CA yet.`, { stale: true })
  return application.orderRef
}

export function stale(application: WorkingApplication): AppError {
  return new AppError('conflict', `Recording for ${application.id}: it changed meanwhile: its facts are read again.`, {
    stale: true,
  })
}

export async function connect(services: Services, application: WorkingApplication): Promise<{ ca: Ca; account: CaAccount }> {
  const ca = await openIssuer(services, application.issuerId, application.issuer)
  return { ca, account: await openIssuerAccount(services, application.issuerId, ca) }
}

/** Null for a CA that decides for itself. */
export async function wantedNotAfter(services: Services, work: Work, ca: Ca): Promise<number | null> {
  const { honoursNotAfter, validityRule } = ca.capabilities
  return honoursNotAfter ? plannedNotAfter(services, work, validityRule) : null
}

/** Repeats a read while the CA is at it: quick at first, as Retry-After says where it does, for a bounded time. */
export async function poll(
  read: () => Promise<CaOrder>,
  isBusy: (order: CaOrder) => boolean,
  signal: AbortSignal,
  firstRetryAfterSeconds: number | null = null,
): Promise<CaOrder> {
  let waitedMs = 0
  if (firstRetryAfterSeconds !== null) {
    waitedMs = Math.min(firstRetryAfterSeconds * 1000, POLL_IN_PLACE_MS)
    await sleep(waitedMs, undefined, { signal })
  }
  for (let attempt = 1; ; attempt += 1) {
    const order = await read()
    const retryAfterSeconds = 'retryAfterSeconds' in order ? order.retryAfterSeconds : null
    const delayMs = retryAfterSeconds === null ? backoffMs('poll', attempt) : retryAfterSeconds * 1000
    if (!isBusy(order) || waitedMs + delayMs > POLL_IN_PLACE_MS) return order
    waitedMs += delayMs
    await sleep(delayMs, undefined, { signal })
  }
}

export async function waitForCa(
  services: Services,
  application: WorkingApplication,
  retryAfterSeconds: number | null,
): Promise<void> {
  const failures = application.failures + 1
  const delayMs = retryAfterSeconds === null ? Math.max(backoffMs('poll', failures + 6), 1000) : retryAfterSeconds * 1000
  await services.db
    .updateTable('application')
    .set({ failures, retry_at: new Date(services.now() + delayMs) })
    .where('id', '=', application.id)
    .where('ca_order_ref', '=', application.orderRef)
    .execute()
}
