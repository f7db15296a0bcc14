/**
 * The network address of who asks.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Context } from 'hono'
import { isWithin, parseRange, type AddressRange } from '../domain/endpoint/address-range.ts'

/** As {@link findAddress} found it for this request. */
export function networkAddress(context: Context): string | null {
  const found: unknown = context.get('address')
  return typeof found === 'string' ? found : null
}

/**
 * As the connection has it; null where there is none (in tests). What `X-Forwarded-For` says is believed from a trusted proxy alone: from
 * the right, each proxy that is trusted says who came before it, and the first that is not is who asks.
 */
export function findAddress(context: Context, proxies: readonly AddressRange[]): string | null {
  const { incoming } = (context.env ?? {}) as { incoming?: IncomingMessage }
  const peer = incoming?.socket.remoteAddress
  if (peer === undefined) return null
  const told = proxies.length === 0 ? [] : (context.req.header('x-forwarded-for') ?? '').split(',')
  let address = plain(peer)
  for (let said = told.pop(); said !== undefined && isTrusted(address, proxies); said = told.pop()) {
    const before = plain(said.trim())
    if (isIP(before) === 0) break // nobody knows who came before
    address = before
  }
  return address
}

function isTrusted(address: string, proxies: readonly AddressRange[]): boolean {
  const alone = parseRange(`${address}/${isIP(address) === 4 ? 32 : 128}`)
  return alone !== null && proxies.some((proxy) => isWithin(alone, proxy))
}

/** `::ffff:192.0.2.1` is 192.0.2.1; some proxies add the port, and brackets around IPv6. */
function plain(address: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(address)?.[1] ?? address
  return bare.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** As it came, before dots and slashes are resolved; null without a listener. */
export function requestTargetOf(context: Context): string | null {
  const { incoming } = (context.env ?? {}) as { incoming?: IncomingMessage }
  return incoming?.url ?? null
}
