/**
 * The keys that receipts are checked with, and the metrics of endpoints and certificates.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { RECEIPT_KEYS_PATH } from '@evercert/contract'
import { tokenNarrowed } from '../services/access/narrowing.ts'
import type { Caller, Services } from '../services/context.ts'
import { openMetrics } from '../services/metrics.ts'
import { loadReceiptKeys } from '../services/receipts/key.ts'

type Env = { readonly Variables: { requestId: string } }

/** Who makes a request, which is counted. */
type CallerOf = (context: Context<Env>) => Promise<Caller>

export function addProofOfService(app: Hono<Env>, services: Services, callerOf: CallerOf): void {
  app.get('/metrics', async (context) => {
    const caller = await callerOf(context)
    if (caller.tags !== undefined) throw tokenNarrowed(caller, 'metrics')
    context.header('cache-control', 'no-store')
    context.header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    return context.body(openMetrics(services, caller))
  })
  app.get(RECEIPT_KEYS_PATH, async (context) => {
    context.header('cache-control', 'public, max-age=300')
    context.header('content-type', 'application/jwk-set+json')
    return context.body(JSON.stringify(await loadReceiptKeys(services)))
  })
}
