/**
 * Where the service listens: plain or with TLS, and how long a client may take.
 *
 * @module
 */
import { createServer as createPlainServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { AppError } from '../domain/errors.ts'
import type { Fetch } from './door.ts'
import { secureContextOf, type OwnPair } from './own-pair.ts'
import { answerUnreadable, refuseUnreadable, refuseWithoutHost } from './unreadable-requests.ts'

/** In milliseconds. */
interface ListenerLimits {
  /** Until the headers are complete. */
  readonly headersMs: number
  /** Until the whole request is. */
  readonly requestMs: number
  /** How often that is looked after. */
  readonly checkMs: number
}

const LIMITS: ListenerLimits = { headersMs: 15_000, requestMs: 60_000, checkMs: 5000 }
const REFUSALS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use: choose another port or stop what uses it',
  EACCES: 'this user may not take it: choose a port from 1024, or give the service CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine has no such address: choose one that it has',
}
const MAX_HEADER_BYTES = 16 * 1024
const MAX_HEADERS = 100

export interface ListenOptions {
  readonly fetch: Fetch
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Null: plain. */
  readonly pair?: OwnPair | null
  readonly limits?: ListenerLimits
  /** Whether what is no HTTP gets a problem document, which tells whose service this is. Default: it does. */
  readonly tellsProblems?: boolean
}

export interface Listener {
  /** Without a final slash. */
  readonly url: string
  readonly port: number
  /** Ends all connections. */
  close(): Promise<void>
}

/** @throws AppError `misconfigured` when the port is in use or not ours to take */
export async function listen({
  fetch,
  host,
  port,
  pair = null,
  limits = LIMITS,
  tellsProblems = true,
}: ListenOptions): Promise<Listener> {
  const answer = getRequestListener(fetch, { hostname: host, ...(tellsProblems && { errorHandler: refuseUnreadable }) })
  const handle = tellsProblems ? refuseWithoutHost(answer) : answer
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    requireHostHeader: !tellsProblems,
  }
  const server = await new Promise<Server | TlsServer>((resolve, reject) => {
    const listening =
      pair === null
        ? createPlainServer(options, (request, response) => void handle(request, response))
        : createTlsServer(
            { ...options, ...secureContextOf(pair.current()) },
            (request, response) => void handle(request, response),
          )
    listening.maxHeadersCount = MAX_HEADERS
    if (tellsProblems) answerUnreadable(listening)
    listening.once('error', (cause: NodeJS.ErrnoException) => {
      const said = REFUSALS[cause.code ?? ''] ?? `it cannot be listened on (${String(cause.code)}): choose another`
      reject(new AppError('misconfigured', `Listening on ${host}:${port}: ${said}.`, { cause }))
    })
    listening.listen(port, host, () => resolve(listening))
  })
  // Connections that are there keep what they agreed on; whoever comes later gets the new pair.
  const unwatch = pair?.watch((context) => (server as TlsServer).setSecureContext(context))
  const address = server.address() as AddressInfo
  return {
    url: `${pair === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: () =>
      new Promise<void>((resolve) => {
        unwatch?.()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
