/**
 * The network address of who asks.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'

/** As the connection has it; null where there is none (in tests). What a client writes into headers is not believed. */
export function networkAddress(context: Context): string | null {
  const { incoming } = (context.env ?? {}) as { incoming?: IncomingMessage }
  return incoming?.socket.remoteAddress?.replace(/^::ffff:/, '') ?? null
}

/** As it came, before dots and slashes are resolved; null without a listener. */
export function requestTargetOf(context: Context): string | null {
  const { incoming } = (context.env ?? {}) as { incoming?: IncomingMessage }
  return incoming?.url ?? null
}
