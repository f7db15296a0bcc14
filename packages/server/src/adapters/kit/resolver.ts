/**
 * Looks names up: at the servers that the operator named, or as the system does.
 *
 * @module
 */
import { promises as dns } from 'node:dns'
import { AppError } from '../../domain/errors.ts'
import type { Resolver } from '../../ports/kit.ts'

export interface ResolverOptions {
  /** `address:port` (port 53 when absent); null asks the system, so that /etc/hosts counts. */
  readonly servers: readonly string[] | null
  /** For one query, all tries together. Default 5 s. */
  readonly timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 5000
const TRIES = 2
const LOOPBACK = ['127.0.0.1', '::1'] as const

// c-ares and getaddrinfo say so when the name or the record type is not there; everything else is an outage.
const ABSENT = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EAI_NODATA', 'EAI_NONAME'])

/** @throws AppError `misconfigured` when a server cannot be read */
export function createResolver({ servers, timeoutMs = DEFAULT_TIMEOUT_MS }: ResolverOptions): Resolver {
  return servers === null ? systemResolver(timeoutMs) : serversResolver(servers, timeoutMs)
}

function serversResolver(servers: readonly string[], timeoutMs: number): Resolver {
  const client = new dns.Resolver({ timeout: Math.ceil(timeoutMs / TRIES), tries: TRIES })
  setServers(client, servers)
  return {
    async resolveAddresses(name) {
      const results = await Promise.allSettled([client.resolve4(name), client.resolve6(name)])
      const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
      // "Every address" is a promise: a family that nobody answered for is not taken for absent.
      for (const result of results) if (result.status === 'rejected') throwUnlessAbsent(name, result.reason)
      return found
    },
    resolveTxt: (name) => txtOf(client, name),
  }
}

function systemResolver(timeoutMs: number): Resolver {
  const client = new dns.Resolver({ timeout: Math.ceil(timeoutMs / TRIES), tries: TRIES })
  return {
    async resolveAddresses(name) {
      if (isLocalhost(name)) return LOOPBACK
      try {
        const found = await within(timeoutMs, dns.lookup(name, { all: true, order: 'verbatim' }))
        return found.map(({ address }) => address)
      } catch (error) {
        throwUnlessAbsent(name, error)
        return []
      }
    },
    resolveTxt: async (name) => (isLocalhost(name) ? [] : txtOf(client, name)),
  }
}

async function txtOf(client: dns.Resolver, name: string): Promise<readonly string[]> {
  try {
    const records = await client.resolveTxt(name)
    return records.map((strings) => strings.join(''))
  } catch (error) {
    throwUnlessAbsent(name, error)
    return []
  }
}

/** RFC 6761 §6.3: names under `localhost.` are loopback and are never sent to a server. */
function isLocalhost(name: string): boolean {
  return /(^|\.)localhost\.?$/i.test(name)
}

function setServers(client: dns.Resolver, servers: readonly string[]): void {
  try {
    client.setServers(servers)
  } catch (cause) {
    const detail = `EVERCERT_DNS_SERVERS: "${servers.join(', ')}" cannot be used: write addresses with an optional port, for instance 192.0.2.53:53`
    throw new AppError('misconfigured', detail, { cause })
  }
}

function throwUnlessAbsent(name: string, error: unknown): void {
  const code = codeOf(error)
  if (ABSENT.has(code)) return
  throw new AppError(
    'upstreamUnavailable',
    `Looking up ${name}: the DNS gave no answer (${code}): check the name's DNS and our resolver`,
    {
      cause: error,
    },
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

/** getaddrinfo has no time-out of its own. */
async function within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(Object.assign(new Error('timed out'), { code: 'ETIMEOUT' })), timeoutMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
