/**
 * Looks names up: at the servers that the operator named, or as the system does.
 *
 * @module
 */
import { promises as dns } from 'node:dns'
import { askSystem, isAbsence } from '@evercert/pki/probe'
import { AppError } from '../../domain/errors.ts'
import type { NameServerLookups, Resolver } from '../../ports/kit.ts'

export interface ResolverOptions {
  /** `address:port` (port 53 when absent); null asks the system, so that /etc/hosts counts. */
  readonly servers: readonly string[] | null
  /** For one query, all tries together. Default 5 s. */
  readonly timeoutMs?: number
  /** Which servers of strangers may be asked. Default: any. */
  readonly guard?: (address: string) => string | null
  /** Where those listen. Default 53. */
  readonly authoritativePort?: number
}

const DEFAULT_TIMEOUT_MS = 5000
const TRIES = 2
const DNS_PORT = 53
const LOOPBACK = ['127.0.0.1', '::1'] as const

/** @throws AppError `misconfigured` when a server cannot be read */
export function createResolver(options: ResolverOptions): Resolver & NameServerLookups {
  const { servers, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const client = createClient(timeoutMs)
  if (servers !== null) setServers(client, servers)
  return {
    ...(servers === null ? systemResolver(client, timeoutMs) : serversResolver(client)),
    resolveNameServers: (name) => absentAs([], name, () => client.resolveNs(name)),
    resolveAlias: async (name) => (await absentAs([], name, () => client.resolveCname(name)))[0] ?? null,
    resolveTxtAt: (address, name) => askServer(options, address, name),
  }
}

function createClient(timeoutMs: number): dns.Resolver {
  return new dns.Resolver({ timeout: Math.ceil(timeoutMs / TRIES), tries: TRIES })
}

/** A server that the DNS of a stranger names: it may be meant to make us talk to our own network. */
async function askServer(
  { guard = () => null, authoritativePort = DNS_PORT, timeoutMs = DEFAULT_TIMEOUT_MS }: ResolverOptions,
  address: string,
  name: string,
): Promise<readonly string[]> {
  const refusal = guard(address)
  if (refusal !== null)
    throw new AppError(
      'addressForbidden',
      `Asking the name server ${address}: the address is ${refusal}: allow it with EVERCERT_ALLOW_ADDRESSES if it is meant`,
    )
  const client = createClient(timeoutMs)
  client.setServers([address.includes(':') ? `[${address}]:${authoritativePort}` : `${address}:${authoritativePort}`])
  return txtOf(client, name)
}

type Lookups = Pick<Resolver, 'resolveAddresses' | 'resolveTxt'>

function serversResolver(client: dns.Resolver): Lookups {
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

function systemResolver(client: dns.Resolver, timeoutMs: number): Lookups {
  return {
    async resolveAddresses(name) {
      if (isLocalhost(name)) return LOOPBACK
      try {
        return await within(timeoutMs, askSystem(name))
      } catch (error) {
        throwUnlessAbsent(name, error)
        return []
      }
    },
    resolveTxt: async (name) => (isLocalhost(name) ? [] : txtOf(client, name)),
  }
}

async function txtOf(client: dns.Resolver, name: string): Promise<readonly string[]> {
  const records = await absentAs([], name, () => client.resolveTxt(name))
  return records.map((strings) => strings.join(''))
}

async function absentAs<Value>(absent: Value, name: string, look: () => Promise<Value>): Promise<Value> {
  try {
    return await look()
  } catch (error) {
    throwUnlessAbsent(name, error)
    return absent
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
  if (isAbsence(error)) return
  throw new AppError(
    'upstreamUnavailable',
    `Looking up ${name}: the DNS gave no answer (${codeOf(error)}): check the name's DNS and our resolver`,
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
