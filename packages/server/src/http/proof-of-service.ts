/**
 * The keys that receipts are checked with, and the metrics of endpoints and certificates.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { RECEIPT_KEYS_PATH } from '@evercert/contract'
import { tokenNarrowed } from '../services/access/narrowing.ts'
import { identify } from '../services/access/callers.ts'
import type { Services } from '../services/context.ts'
import { openMetrics } from '../services/metrics.ts'
import { loadReceiptKeys } from '../services/receipts/key.ts'

type Env = { readonly Variables: { requestId: string } }

/** The token of a request; null when it has none. */
type TokenOf = (context: Context<Env>) => string | null

export function addProofOfService(app: Hono<Env>, services: Services, tokenOf: TokenOf): void {
  app.get('/metrics', async (context) => {
    const { caller } = await identify(services, { token: tokenOf(context), headers: context.req.raw.headers, accountId: null })
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
