/**
 * What payment providers report. Only the raw body counts: the signature is over it.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { AppError } from '../domain/errors.ts'
import type { Services } from '../services/context.ts'
import { readPaymentCallback } from '../services/provider-payments/callback.ts'
import { limitBodyTo } from './body-limit.ts'

const MAX_BYTES = 262_144

const limit = limitBodyTo(
  MAX_BYTES,
  () => new AppError('tooLarge', `Reading a callback: it is larger than ${MAX_BYTES} bytes: no provider sends that.`),
)

/** Any answer but 2xx makes the provider send it again. */
export function addPaymentCallbacks(app: Hono<{ readonly Variables: { requestId: string } }>, services: Services): void {
  app.post('/callbacks/payments/:connection{[a-z][a-z0-9-]{0,30}}', limit, async (context: Context) => {
    const acknowledgement = await readPaymentCallback(services, context.req.param('connection') ?? '', {
      headers: Object.fromEntries(context.req.raw.headers.entries()),
      body: new Uint8Array(await context.req.arrayBuffer()),
    })
    return context.text(acknowledgement)
  })
}
